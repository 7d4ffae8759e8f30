"""Ending an account: at once for its user, and in the end everywhere.

https://spec.matrix.org/v1.19/client-server-api/#account-deactivation
"""

from __future__ import annotations

from homeserver.accounts import queries_users as queries
from homeserver.accounts.erasure import TOPIC
from homeserver.accounts.records import AccountHooks
from homeserver.accounts.registration import in_background
from homeserver.accounts.sessions import Sessions
from homeserver.database import Database, Transaction
from homeserver.protocol.errors import not_found


class Deactivation:
    """Deactivates accounts."""

    def __init__(self, database: Database, sessions: Sessions, hooks: AccountHooks) -> None:
        self._database = database
        self._sessions = sessions
        self._hooks = hooks

    async def deactivate(self, user_id: str, *, erase: bool = False) -> None:
        """End an account: no login works afterwards. Leaving its rooms goes on in the background, and is taken up
        again after a restart. 404 `M_NOT_FOUND`."""
        if await self._database.glance(queries.find_user, user_id) is None:
            raise not_found("There is no such user.")
        await self._database.transact(self._deactivate, user_id, erase)
        in_background(self._leave_everything(user_id, erase), "a deactivation")

    async def unbind(self, user_id: str, id_server: str | None = None) -> bool:
        """Before an account ends: have identity servers forget its identifiers. Whether all did."""
        return all([await hook(user_id, id_server) for hook in self._hooks.before_deactivated])

    async def resume(self) -> None:
        """At start: finish the deactivations that a stop interrupted."""
        for user_id, erase in await self._database.read(queries.users_leaving_rooms):
            in_background(self._leave_everything(user_id, erase), "a deactivation")

    def _deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        queries.deactivate(tx, user_id, erase)
        if erase:
            queries.set_erased_position(tx, user_id, tx.publish(TOPIC, user_id))
        self._sessions.log_out_all_within(tx, user_id)
        for hook in self._hooks.on_deactivated:
            hook(tx, user_id, erase)

    async def _leave_everything(self, user_id: str, erase: bool) -> None:
        for hook in self._hooks.after_deactivated:
            await hook(user_id, erase)
        await self._database.transact(queries.note_rooms_left, user_id)
