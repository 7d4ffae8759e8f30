"""Makes, counts and checks registration tokens.

https://spec.matrix.org/v1.19/client-server-api/#token-authenticated-registration
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.devices.records import wall_clock_ms
from homeserver.protocol.errors import invalid_param, not_found
from homeserver.slices.registration_tokens import queries
from homeserver.slices.registration_tokens.records import RegistrationToken, is_token, new_token

#: As long as an authentication session: a registration that has shown a token may take its time.
_PENDING_MS = 24 * 3_600_000
_USE_ID_BYTES = 12
_TRIES = 5


class RegistrationTokens:
    """All tokens of this server."""

    def __init__(self, database: Database, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock = clock

    async def get_tokens(self, is_valid: bool | None = None) -> list[RegistrationToken]:
        """All of them, or those that are valid, or those that are not."""
        now_ms = self._clock()
        tokens = await self._database.read(queries.all_tokens, now_ms)
        return [token for token in tokens if is_valid is None or token.is_valid(now_ms) is is_valid]

    async def get_token(self, token: str) -> RegistrationToken:
        """One token; 404 `M_NOT_FOUND`."""
        found = await self._find(token)
        if found is None:
            raise _unknown()
        return found

    async def is_valid(self, token: str) -> bool:
        """Whether a registration may begin with it now."""
        found = await self._find(token)
        return found is not None and found.is_valid(self._clock())

    async def create(self, wanted: RegistrationToken) -> RegistrationToken:
        """Add a token; 400 `M_INVALID_PARAM` where there is one of this text."""
        self._check_expiry(wanted.expires_ts)
        if not await self._database.transact(queries.insert_token, wanted):
            raise invalid_param("token: there is such a token already.")
        return await self.get_token(wanted.token)

    async def create_random(self, length: int, uses_allowed: int | None, expires_ts: int | None) -> RegistrationToken:
        """Add a token with a text that nobody guesses; 400 where all of this length are taken."""
        self._check_expiry(expires_ts)
        for _ in range(_TRIES):
            wanted = RegistrationToken(new_token(length), uses_allowed, expires_ts=expires_ts)
            if await self._database.transact(queries.insert_token, wanted):
                return await self.get_token(wanted.token)
        raise invalid_param("length: no token of this length is left.")

    async def update(self, token: str, changes: Mapping[str, int | None]) -> RegistrationToken:
        """Change `uses_allowed`, `expires_ts` or both; 404 `M_NOT_FOUND`."""
        self._check_expiry(changes.get("expires_ts"))
        if not is_token(token):
            raise _unknown()
        if not await self._database.transact(self._update, token, changes, locks=(_lock(token),)):
            raise _unknown()
        return await self.get_token(token)

    async def delete(self, token: str) -> None:
        """Remove a token; 404 `M_NOT_FOUND`. A registration that has shown it already goes on."""
        if not is_token(token) or not await self._database.transact(queries.delete_token, token):
            raise _unknown()

    async def reserve(self, token: str) -> str | None:
        """Count a registration that begins with a token: the id of its use; None where the token is not valid."""
        if not is_token(token):
            return None
        return await self._database.transact(self._reserve, token, locks=(_lock(token),))

    def complete(self, tx: Transaction, result: Any) -> None:
        """A registration has succeeded that had this result of `reserve`'s stage: `{"token", "use_id"}`, or None."""
        if isinstance(result, dict):
            queries.complete_use(tx, result["use_id"], result["token"])

    async def _find(self, token: str) -> RegistrationToken | None:
        return await self._database.glance(queries.find_token, token, self._clock()) if is_token(token) else None

    def _reserve(self, tx: Transaction, token: str) -> str | None:
        now_ms = self._clock()
        queries.delete_expired_uses(tx, now_ms)
        found = queries.find_token(tx, token, now_ms)
        if found is None or not found.is_valid(now_ms):
            return None
        use_id = secrets.token_urlsafe(_USE_ID_BYTES)
        queries.insert_use(tx, use_id, token, now_ms + _PENDING_MS)
        return use_id

    def _update(self, tx: Transaction, token: str, changes: Mapping[str, int | None]) -> bool:
        found = queries.find_token(tx, token, self._clock())
        if found is None:
            return False
        row = {"uses_allowed": found.uses_allowed, "expires_ts": found.expires_ts, **changes}
        queries.update_token(tx, token, row)
        return True

    def _check_expiry(self, expires_ts: int | None) -> None:
        if expires_ts is not None and expires_ts <= self._clock():
            raise invalid_param("expiry_time: must not be in the past.")


def _lock(token: str) -> str:
    return f"registration_token:{token}"


def _unknown() -> Exception:
    return not_found("There is no such registration token.")
