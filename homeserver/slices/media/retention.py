"""Forgetting files: what did not come, what is past its time, what nobody asks for, and what is too much."""

from __future__ import annotations

from collections.abc import Iterable

from homeserver.config.media import MediaConfig
from homeserver.database import Database
from homeserver.rooms.service import wall_clock_ms
from homeserver.slices.media import queries
from homeserver.slices.media.keeping import Keeping
from homeserver.slices.media.records import Media

_AT_ONCE = 500


class Retention:
    """What the operator says about how long and how many."""

    def __init__(self, database: Database, keeping: Keeping, config: MediaConfig, server_name: str) -> None:
        self._database = database
        self._keeping = keeping
        self._config = config
        self._server_name = server_name

    async def reap(self) -> None:
        """Forget what is to be forgotten now. Harmless where several processes do it."""
        now_ms = wall_clock_ms()
        await self._database.transact(queries.take_expired, now_ms)
        await self._delete(await self._database.read(queries.expired, now_ms, _AT_ONCE))
        lifetimes = ((True, self._config.local_lifetime_ms), (False, self._config.remote_lifetime_ms))
        for is_local, lifetime_ms in lifetimes:
            if lifetime_ms is not None:
                await self.forget_unused(now_ms - lifetime_ms, is_local=is_local)
        if self._config.quota.remote_bytes is not None:
            await self._shrink(self._config.quota.remote_bytes)
        await self._keeping.reap()

    async def forget_unused(self, before_ms: int, *, is_local: bool) -> int:
        """Forget what nobody has asked for since a moment; how many files that were."""
        count = 0
        while True:
            found = await self._database.read(
                lambda tx: queries.unused_since(tx, self._server_name, before_ms, _AT_ONCE, is_local=is_local)
            )
            await self._delete(found)
            count += len(found)
            if len(found) < _AT_ONCE:
                return count

    async def _shrink(self, most_bytes: int) -> None:
        """Forget other servers' files, longest unused first, until what is here is no more than so many bytes."""
        excess = await self._database.read(queries.remote_bytes, self._server_name) - most_bytes
        while excess > 0:
            found = await self._database.read(queries.longest_unused, self._server_name, _AT_ONCE)
            if not found:
                return
            for media in found:
                if excess <= 0:
                    return
                await self._keeping.delete(media)
                excess -= media.size_bytes

    async def _delete(self, files: Iterable[Media]) -> None:
        for media in files:
            await self._keeping.delete(media)
