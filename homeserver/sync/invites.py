"""Invites that a user does not want to see: from users they ignore, from those of whom they take none, or from anybody.

https://spec.matrix.org/v1.19/client-server-api/#ignoring-users
https://spec.matrix.org/v1.19/client-server-api/#invite-permission
"""

from __future__ import annotations

from collections.abc import Iterable

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
        return bool(self.among(tx, membership.user_id, [membership]))

    def among(self, tx: Transaction, user_id: str, memberships: Iterable[Membership]) -> set[int]:
        """The numbers of the rooms to which such an invite of the user's leads."""
        invites = {row.room_nid: row.event_nid for row in memberships if row.membership == "invite"}
        if not invites:
            return set()
        events = self._loader.get_many(tx, invites.values())
        hidden = self._account_data.invites.hides(tx, user_id, {event.sender for event in events.values()})
        return {room_nid for room_nid, nid in invites.items() if events[nid].sender in hidden} if hidden else set()
