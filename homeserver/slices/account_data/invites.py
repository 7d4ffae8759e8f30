"""Whose invites users take, and of whose they are told.

https://spec.matrix.org/v1.19/client-server-api/#invite-permission
https://github.com/matrix-org/matrix-spec-proposals/pull/4155
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from homeserver.database import Transaction
from homeserver.protocol.invite_filters import InviteVerdict, judge_invite
from homeserver.slices.account_data import queries

_GLOBAL = ""
_PERMISSION = "m.invite_permission_config"
_FILTERS = "org.matrix.msc4155.invite_permission_config"


class InviteWishes:
    """Callable within a transaction. `ignored_users`: those whom a user ignores. `always_lets_in`: whose invites no
    setting keeps out, those of this server itself."""

    def __init__(self, ignored_users: Callable[[Transaction, str], Collection[str]]) -> None:
        self._ignored_users = ignored_users
        self.always_lets_in: set[str] = set()

    def blocks(self, tx: Transaction, user_id: str, inviter: str) -> bool:
        """Whether invites of a user by somebody are refused."""
        return inviter not in self.always_lets_in and self._judge(tx, user_id)(inviter) is InviteVerdict.BLOCK

    def hides(self, tx: Transaction, user_id: str, inviters: Collection[str]) -> set[str]:
        """Of whose invites, which are there all the same, a user is not told: they ignore the inviter, or their
        invites, or block them since."""
        ignored, judge = self._ignored_users(tx, user_id), self._judge(tx, user_id)
        unwanted = {one for one in inviters if one in ignored or judge(one) is not InviteVerdict.ALLOW}
        return unwanted - self.always_lets_in

    def _judge(self, tx: Transaction, user_id: str) -> Callable[[str], InviteVerdict]:
        content = queries.find_content(tx, user_id, _GLOBAL, _PERMISSION)
        if content is not None and content.get("default_action") == "block":
            return lambda inviter: InviteVerdict.BLOCK
        filters = queries.find_content(tx, user_id, _GLOBAL, _FILTERS) or {}
        return lambda inviter: judge_invite(filters, inviter)
