"""Registration by somebody who knows the shared secret: the admin API of `register_new_matrix_user`.

A nonce, and HMAC-SHA1 with the secret over the nonce, the name, the password and the rights, joined by null bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from homeserver.accounts import queries_sessions as queries
from homeserver.database import Database
from homeserver.devices.records import wall_clock_ms
from homeserver.protocol.errors import MatrixError, forbidden

NONCE_LIFETIME_MS = 60_000
USER_TYPES = ("support", "bot")
_NONCE_BYTES = 32


@dataclass(frozen=True, slots=True)
class SecretRequest:
    """A request to register. `mac`: in hex."""

    nonce: str
    username: str
    password: str = field(repr=False)
    mac: str = field(repr=False)
    is_admin: bool = False
    user_type: str | None = None

    def signed_bytes(self) -> bytes:
        """What the HMAC covers."""
        parts = [self.nonce, self.username, self.password, "admin" if self.is_admin else "notadmin"]
        if self.user_type is not None:
            parts.append(self.user_type)
        return "\0".join(parts).encode("utf-8")


class SharedSecret:
    """Gives out nonces and checks requests. Without a secret, everything is refused."""

    def __init__(self, database: Database, secret: str | None, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock

    async def new_nonce(self) -> str:
        """A nonce, good for one request within a minute."""
        self._get_secret()
        nonce = secrets.token_hex(_NONCE_BYTES)
        now_ms = self._clock()
        await self._database.transact(queries.insert_nonce, nonce, now_ms, now_ms + NONCE_LIFETIME_MS)
        return nonce

    async def check(self, request: SecretRequest) -> None:
        """Raise `MatrixError` 400 for a nonce that was not given or used before, 403 `M_FORBIDDEN` for a wrong MAC."""
        secret = self._get_secret()
        if "\0" in request.nonce or not await self._database.transact(queries.take_nonce, request.nonce, self._clock()):
            raise MatrixError(400, "M_UNKNOWN", "The nonce is not known, or was used.")
        # The protocol's own choice of hash; as an HMAC, SHA-1 is not broken.
        expected = hmac.new(secret.encode("utf-8"), request.signed_bytes(), hashlib.sha1).hexdigest()
        if not hmac.compare_digest(expected.encode("ascii"), request.mac.lower().encode("utf-8")):
            raise forbidden("The HMAC is wrong.")

    def _get_secret(self) -> str:
        if self._secret is None:
            raise MatrixError(400, "M_UNKNOWN", "Registration by shared secret is not enabled.")
        return self._secret
