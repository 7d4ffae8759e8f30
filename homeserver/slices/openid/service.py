"""Giving tokens, and saying whose they are.

https://spec.matrix.org/v1.19/client-server-api/#openid
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError
from homeserver.rooms.service import wall_clock_ms
from homeserver.slices.openid import queries

LIFETIME_S = 3600
_MOST_OF_A_USER = 20


class OpenId:
    """Tokens that say who somebody is and let nobody do anything. `deactivate` takes part in the transaction of
    `AccountHooks.on_deactivated`."""

    def __init__(self, database: Database, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock = clock

    async def new_token(self, user_id: str) -> str:
        """A token that counts for LIFETIME_S."""
        token = secrets.token_urlsafe(24)
        await self._database.transact(self._insert, _hash(token), user_id)
        return token

    async def get_user(self, token: str) -> str:
        """Whose a token is; 401 `M_UNKNOWN_TOKEN`."""
        user_id = await self._database.glance(queries.find_user, _hash(token), self._clock())
        if user_id is None:
            raise MatrixError(401, "M_UNKNOWN_TOKEN", "The token is not known, or has expired.")
        return user_id

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended: its tokens say nothing any more."""
        queries.delete_user(tx, user_id)

    def _insert(self, tx: Transaction, token_hash: bytes, user_id: str) -> None:
        now_ms = self._clock()
        queries.insert_token(tx, token_hash, user_id, now_ms + LIFETIME_S * 1000)
        queries.delete_old(tx, user_id, now_ms, _MOST_OF_A_USER)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
