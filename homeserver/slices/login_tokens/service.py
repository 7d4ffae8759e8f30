"""Makes and takes login tokens, and logs in by them.

https://spec.matrix.org/v1.19/client-server-api/#token-based-user-login
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from homeserver.accounts.tokens import token_hash
from homeserver.database import Database, Transaction
from homeserver.devices.records import wall_clock_ms
from homeserver.protocol.errors import bad_json, forbidden, missing_param
from homeserver.slices.login_tokens import queries

_RANDOM_BYTES = 32


class LoginTokens:
    """Tokens that are good for one login each, within `lifetime_ms`."""

    def __init__(self, database: Database, lifetime_ms: int, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock = clock
        self.lifetime_ms = lifetime_ms

    async def create(self, user_id: str) -> str:
        """A new token for a user."""
        token = f"hlt_{secrets.token_urlsafe(_RANDOM_BYTES)}"
        await self._database.transact(self._create, token_hash(token), user_id)
        return token

    async def take(self, token: str) -> str | None:
        """Whose the token is, if it is good; it is not good again."""
        return await self._database.transact(queries.take_token, token_hash(token), self._clock())

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account ends."""
        queries.delete_user(tx, user_id)

    def _create(self, tx: Transaction, digest: bytes, user_id: str) -> None:
        now_ms = self._clock()
        queries.delete_expired(tx, now_ms)
        queries.insert_token(tx, digest, user_id, now_ms + self.lifetime_ms)


class TokenLogin:
    """`m.login.token`. `is_offered`: clients that are logged in can have tokens made."""

    type = "m.login.token"

    def __init__(self, tokens: LoginTokens, *, is_offered: bool) -> None:
        self._tokens = tokens
        self._is_offered = is_offered

    def flow(self) -> dict[str, Any] | None:
        """With whether clients can get tokens; None where they cannot."""
        return {"type": self.type, "get_login_token": True} if self._is_offered else None

    async def authenticate(self, body: dict[str, Any], token: str | None) -> str:
        """Whose the login token is."""
        given = body.get("token")
        if given is None:
            raise missing_param("Missing field token.")
        if not isinstance(given, str):
            raise bad_json("token: must be a string.")
        user_id = await self._tokens.take(given)
        if user_id is None:
            raise forbidden("The login token is not valid, or was used.")
        return user_id
