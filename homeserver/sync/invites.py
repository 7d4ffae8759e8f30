"""Invites that a user does not want to see: from users they ignore, or from anybody.

https://spec.matrix.org/v1.19/client-server-api/#ignoring-users
https://spec.matrix.org/v1.19/client-server-api/#invite-permission
"""

from __future__ import annotations

from homeserver.database import Transaction
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import Membership
from homeserver.sync.sources import AccountDataSource


class UnwantedInvites:
    """Callable within a transaction."""

    def __init__(self, loader: EventLoader, account_data: AccountDataSource) -> None:
        self._loader = loader
        self._account_data = account_data

    def hides(self, tx: Transaction, membership: Membership) -> bool:
        """Whether it is an invite that its user is not told of."""
        if membership.membership != "invite":
            return False
        if self._account_data.blocks_invites(tx, membership.user_id):
            return True
        ignored = self._account_data.ignored_users(tx, membership.user_id)
        return bool(ignored) and self._loader.get(tx, membership.event_nid).sender in ignored
