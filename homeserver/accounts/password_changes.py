"""Changing a password.

https://spec.matrix.org/v1.19/client-server-api/#password-management
"""

from __future__ import annotations

from homeserver.accounts import queries_users as queries
from homeserver.accounts.passwords import Passwords
from homeserver.accounts.records import user_locked
from homeserver.accounts.sessions import Sessions
from homeserver.database import Database, Transaction
from homeserver.protocol.requester import Requester


class PasswordChanges:
    """Changes passwords."""

    def __init__(self, database: Database, passwords: Passwords, sessions: Sessions) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions

    async def change(
        self, user_id: str, password: str, *, logs_out: bool = True, except_for: Requester | None = None
    ) -> None:
        """Set a password and, with `logs_out`, end the user's logins but for one. Raises `MatrixError` 400
        `M_WEAK_PASSWORD`."""
        password_hash = await self._passwords.hash(password)
        await self._database.transact(self._change, user_id, password_hash, logs_out, except_for)

    async def check_unlocked(self, user_id: str) -> None:
        """Raise `MatrixError` 401 `M_USER_LOCKED` where the account is locked: without an access token nobody has
        looked."""
        user = await self._database.glance(queries.find_user, user_id)
        if user is not None and user.is_locked:
            raise user_locked()

    def check_strength(self, password: str) -> None:
        """Raise `MatrixError` 400 where `change` would refuse the password."""
        self._passwords.check_strength(password)

    def _change(
        self, tx: Transaction, user_id: str, password_hash: str, logs_out: bool, except_for: Requester | None
    ) -> None:
        queries.set_password_hash(tx, user_id, password_hash)
        if logs_out:
            self._sessions.log_out_all_within(tx, user_id, except_for)
