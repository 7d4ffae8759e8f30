"""Accounts, as the rest of the server sees them.

https://spec.matrix.org/v1.19/client-server-api/#account-management
"""

from __future__ import annotations

from collections.abc import Iterable

from homeserver.accounts import queries_users as queries
from homeserver.accounts.authenticator import TokenAuthenticator
from homeserver.accounts.passwords import Passwords
from homeserver.accounts.records import NewUser, User
from homeserver.accounts.registration import Registration
from homeserver.database import Database, Transaction
from homeserver.protocol.errors import forbidden, not_found
from homeserver.protocol.ids import localpart_of
from homeserver.protocol.requester import Requester


class Accounts:
    """Who has an account, and what they may do."""

    def __init__(
        self,
        database: Database,
        server_name: str,
        authenticator: TokenAuthenticator,
        registration: Registration,
        passwords: Passwords,
    ) -> None:
        self._database = database
        self._server_name = server_name
        self._authenticator = authenticator
        self._registration = registration
        self._passwords = passwords

    async def authenticate(self, token: str) -> Requester:
        """Whose an access token is; raises `MatrixError` 401 `M_UNKNOWN_TOKEN`."""
        return await self._authenticator.authenticate(token)

    def is_local(self, user_id: str) -> bool:
        """Whether a user id is of this server, registered or not."""
        return user_id.partition(":")[2] == self._server_name

    async def find_user(self, user_id: str) -> User | None:
        """The account."""
        return None if "\0" in user_id else await self._database.glance(queries.find_user, user_id)

    async def get_user(self, user_id: str) -> User:
        """The account; 404 `M_NOT_FOUND`."""
        user = await self.find_user(user_id)
        if user is None:
            raise not_found("There is no such user.")
        return user

    async def user_exists(self, user_id: str) -> bool:
        """Whether there is an account that was not deactivated."""
        user = await self.find_user(user_id)
        return user is not None and not user.is_deactivated

    def check_admin(self, requester: Requester) -> None:
        """Raise `MatrixError` 403 `M_FORBIDDEN` unless the requester administrates this server."""
        if not requester.is_admin:
            raise forbidden("Only administrators of this server may do this.")

    async def register(self, user_id: str, password: str | None = None, *, is_admin: bool = False) -> None:
        """Add an account, for an administrator or this server itself; 400 `M_USER_IN_USE`, `M_INVALID_USERNAME`."""
        password_hash = None if password is None else await self._passwords.hash(password)
        new = NewUser(localpart=localpart_of(user_id), password_hash=password_hash, is_admin=is_admin)
        await self._registration.register(new)

    async def set_flag(self, user_id: str, flag: str, value: bool) -> None:
        """Set `is_admin`, `locked` or `suspended`; 404 `M_NOT_FOUND`."""
        if not await self._database.transact(self._set_flag, user_id, flag, value):
            raise not_found("There is no such user.")

    async def guests_among(self, user_ids: Iterable[str]) -> list[str]:
        """Those of these users who are guests of this server."""
        local = [user_id for user_id in user_ids if self.is_local(user_id)]
        return await self._database.read(queries.guests_among, local)

    async def locked_among(self, user_ids: Iterable[str]) -> list[str]:
        """Those of these users whose accounts here are locked."""
        local = [user_id for user_id in user_ids if self.is_local(user_id)]
        return await self._database.read(queries.locked_among, local)

    def _set_flag(self, tx: Transaction, user_id: str, flag: str, value: bool) -> bool:
        tx.publish("tokens", user_id)
        return queries.set_flag(tx, user_id, flag, value)
