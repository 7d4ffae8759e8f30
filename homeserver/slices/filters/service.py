"""Keeping and finding filters.

https://spec.matrix.org/v1.19/client-server-api/#filtering
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec

from homeserver.database import Database, Transaction
from homeserver.protocol.base64 import encode_base64_url
from homeserver.protocol.errors import not_found
from homeserver.protocol.filters import check_filter
from homeserver.slices.filters import queries

Json = dict[str, Any]

_MOST_FILTERS = 1_000
_encode = msgspec.json.Encoder(order="sorted").encode


def wall_clock_ms() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


class Filters:
    """The filters of local users. A filter never changes, and equal ones of a user have one id.

    `deactivate` takes part in the transaction of `AccountHooks.on_deactivated`.
    """

    def __init__(self, database: Database, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock = clock

    async def add(self, user_id: str, body: Json) -> str:
        """Keep a filter; its id. 400 `M_BAD_JSON` where a part of it has the wrong type."""
        text = _encode(check_filter(body))
        filter_id = encode_base64_url(sha256(text).digest())[:22]
        if await self._database.glance(queries.find_filter, user_id, filter_id) is None:
            await self._database.transact(self._insert, user_id, filter_id, text.decode())
        return filter_id

    async def get_filter(self, user_id: str, filter_id: str) -> Json:
        """A filter of a user; 404 `M_NOT_FOUND`."""
        text = await self._database.glance(queries.find_filter, user_id, filter_id)
        if text is None:
            raise not_found("You have no such filter.")
        found: Json = msgspec.json.decode(text)
        return found

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended."""
        queries.delete_user(tx, user_id)

    def _insert(self, tx: Transaction, user_id: str, filter_id: str, text: str) -> None:
        is_new = queries.insert_filter(tx, user_id, filter_id, text, self._clock())
        if is_new and queries.count_filters(tx, user_id) > _MOST_FILTERS:
            queries.delete_oldest(tx, user_id, _MOST_FILTERS)
