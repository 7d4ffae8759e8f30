"""Waiting for what is new: an answer at once where there is something, at a time-out where there is nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.clock import Clock
from homeserver.database import Database
from homeserver.sync.streams import Streams, UserStream
from homeserver.sync.tokens import SyncToken

MOST_TIMEOUT_MS = 600_000

Answer = Callable[[SyncToken], Awaitable[dict[str, Any]]]
"""What there is to tell up to a token; empty for nothing."""


Settled = Callable[[], Awaitable[None]]
"""Wait for what follows from the last changes in a moment, so that one answer has both."""


class Polling:
    """Long polls. Used on the reactor thread."""

    def __init__(self, database: Database, streams: Streams, reactor: Clock, settled: Settled) -> None:
        self._database = database
        self.streams = streams
        self._reactor = reactor
        self._settled = settled
        self.is_stopping = False

    def now(self) -> SyncToken:
        """Everything up to here is there to be told."""
        return SyncToken(self._database.feed.position, self.streams.volatile)

    async def now_settled(self) -> SyncToken:
        """The same, with what follows from the last changes in a moment."""
        await self._settled()
        return self.now()

    async def poll(
        self, stream: UserStream, since: SyncToken | None, timeout_ms: int, answer: Answer
    ) -> tuple[SyncToken, dict[str, Any]]:
        """(how far the answer goes, the answer). Waits up to `timeout_ms` while it is empty, without `since` never."""
        ends_at_s = self._reactor.seconds() + min(timeout_ms, MOST_TIMEOUT_MS) / 1000
        while True:
            await self.streams.follow_rooms(stream)
            await self._settled()
            upto = self.now()
            if since is None or since.to_device is not None or not stream.is_unchanged_since(*since.places):
                told = await answer(upto)
                if told or since is None:
                    return upto, told
            left_s = ends_at_s - self._reactor.seconds()
            if left_s <= 0 or self.is_stopping:
                return upto, {}
            if stream.is_unchanged_since(*upto.places):
                await self.streams.wait(stream, left_s)

    def stop(self) -> None:
        """Answer all waiting polls: the server goes down."""
        self.is_stopping = True
        self.streams.wake_all()
