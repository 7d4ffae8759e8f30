"""Sliding sync: answering at once when something is new, waiting when nothing is.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from homeserver.clock import Clock
from homeserver.database import Database
from homeserver.protocol.requester import Requester
from homeserver.rooms.occupancy import Occupancy
from homeserver.rooms.service import wall_clock_ms
from homeserver.sync.polling import MOST_TIMEOUT_MS, Polling
from homeserver.sync.sliding.ask import Changes, SlidingAsk
from homeserver.sync.sliding.asking import SlidingRequest
from homeserver.sync.sliding.composing import Composed, SlidingComposer
from homeserver.sync.sliding.connections import MOST_CONFIGS, Connections, Opened, unknown_pos
from homeserver.sync.sliding.device_extensions import DeviceExtensions
from homeserver.sync.sliding.memory import Memory
from homeserver.sync.sources import PresenceSource
from homeserver.sync.streams import UserStream
from homeserver.sync.tokens import SyncToken

Json = dict[str, Any]
#: Of so many connections is remembered that they were told there is nothing new.
_MOST_QUIET = 5_000


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A request that there was nothing to tell, up to where, and the answer it had."""

    request: SlidingRequest
    upto: SyncToken
    answer: Json


@dataclass(frozen=True, slots=True)
class Waiting:
    """What long polls need."""

    database: Database
    polling: Polling
    occupancy: Occupancy
    reactor: Clock


class SlidingSync:
    """Answers requests. Used on the reactor thread."""

    def __init__(
        self,
        waiting: Waiting,
        connections: Connections,
        composer: SlidingComposer,
        device: DeviceExtensions,
        presence: PresenceSource,
    ) -> None:
        self._waiting = waiting
        self._connections = connections
        self._composer = composer
        self._device = device
        self._presence = presence
        # The last request of each connection; one before it that still waits is given up by its client.
        self._turns: dict[tuple[str, str, str], object] = {}
        self._quiet: OrderedDict[tuple[str, str, str], _Quiet] = OrderedDict()

    async def sync(self, requester: Requester, request: SlidingRequest) -> Json:
        """One answer. Waits up to the request's timeout while there is nothing to tell; the first of a connection never
        does. 400 `M_UNKNOWN_POS` for a `pos` that the connection is not at."""
        opened = await self._connections.open(requester, request.conn_id, request.pos)
        self._presence.set_presence(requester.user_id, request.set_presence, requester.device_id or "")
        position = self._waiting.database.feed.position
        await self._device.acknowledge(requester, request.extensions, position)
        stream = await self._waiting.polling.streams.get(requester.user_id)
        is_waiting = opened.key in self._turns
        turn = self._turns[opened.key] = object()
        if is_waiting:
            stream.wake()
        try:
            return await self._poll(requester, request, opened, stream)
        finally:
            if self._turns.get(opened.key) is turn:
                del self._turns[opened.key]

    async def _poll(self, requester: Requester, request: SlidingRequest, opened: Opened, stream: UserStream) -> Json:
        turn = self._turns[opened.key]
        polling, reactor = self._waiting.polling, self._waiting.reactor
        ends_at_s = reactor.seconds() + min(request.timeout_ms, MOST_TIMEOUT_MS) / 1000
        while True:
            if self._turns.get(opened.key) is not turn and request.pos is not None:
                return {"pos": request.pos, "extensions": {}}
            await polling.streams.follow_rooms(stream)
            upto, composed = await self._look(requester, request, opened, stream)
            if composed.has_news or opened.told.is_first:
                pos = await self._save(opened, upto, composed)
                if pos is not None:
                    return await self._answer(requester, request, pos, composed)
                # Another request of the connection was answered meanwhile, which its client gave up, or gave this up.
                opened = await self._connections.open(requester, request.conn_id, request.pos)
                continue
            opened = self._connections.keep(opened, composed.memory)
            left_s = ends_at_s - reactor.seconds()
            # Looking took a while, in which the client may have asked anew.
            if left_s <= 0 or polling.is_stopping or self._turns.get(opened.key) is not turn:
                return await self._answer(requester, request, request.pos or "", composed)
            if stream.is_unchanged_since(*upto.places):
                await polling.streams.wait(stream, left_s)

    async def _look(
        self, requester: Requester, request: SlidingRequest, opened: Opened, stream: UserStream
    ) -> tuple[SyncToken, Composed]:
        """(up to where it was looked, what is new). A client in many rooms that asks again while nothing happens costs
        no look at them."""
        quiet, asked = self._quiet.get(opened.key), replace(request, timeout_ms=0)
        if quiet is not None and quiet.request == asked and stream.is_unchanged_since(*quiet.upto.places):
            return quiet.upto, Composed(quiet.answer, False, opened.told.memory, Memory())
        upto = self._waiting.polling.now()
        composed = await self._compose(requester, request, opened, stream, upto)
        if not composed.has_news and request.pos is not None:
            self._quiet[opened.key] = _Quiet(asked, upto, composed.answer)
            self._quiet.move_to_end(opened.key)
            if len(self._quiet) > _MOST_QUIET:
                self._quiet.popitem(last=False)
        return upto, composed

    async def _compose(
        self, requester: Requester, request: SlidingRequest, opened: Opened, stream: UserStream, upto: SyncToken
    ) -> Composed:
        changes = Changes.of(stream)
        ask = SlidingAsk(
            requester=requester,
            request=request,
            told=opened.told,
            upto=upto,
            memberships=await self._waiting.occupancy.memberships(requester.user_id),
            changes=changes,
            now_ms=wall_clock_ms(),
        )
        database = self._waiting.database
        is_small = not opened.told.is_first and changes.count_since(opened.told.place.position) < 5
        run: Callable[..., Awaitable[Composed]] = database.glance if is_small else database.read
        return await run(self._composer.compose, ask)

    async def _save(self, opened: Opened, upto: SyncToken, composed: Composed) -> str | None:
        if len(composed.memory.configs) > MOST_CONFIGS:
            raise unknown_pos()
        return await self._connections.save(opened, upto, composed.memory, composed.changed)

    async def _answer(self, requester: Requester, request: SlidingRequest, pos: str, composed: Composed) -> Json:
        """An answer without news has the `pos` of the one before: there is nothing in it that could be lost."""
        answer = {"pos": pos, **composed.answer}
        answer["extensions"] = await self._device.with_key_counts(requester, composed.answer["extensions"])
        if request.txn_id is not None:
            answer["txn_id"] = request.txn_id
        return answer
