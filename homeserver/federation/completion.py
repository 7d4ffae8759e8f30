"""Fetching what joins left out, in the background: the members of rooms.

Asked is the server that let this one in, then the others of the room, again and again with growing waits, also after a
restart, until the room is whole or left.

https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1stateroomid
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred

from homeserver.clock import Clock, Timer
from homeserver.database import Database, Transaction
from homeserver.federation.admission import Admission
from homeserver.federation.arrivals import Arrivals
from homeserver.federation.backoff import Retries
from homeserver.federation.errors import BadAnswer
from homeserver.federation.pdu_checks import PduChecks
from homeserver.federation.room_spool import RoomSpool
from homeserver.federation.streaming import Sink
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.events import StateKey
from homeserver.rooms import queries_events, queries_partial
from homeserver.rooms.filling import Filling, StateIds
from homeserver.rooms.importing import Importer
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.late_state import LateState
from homeserver.rooms.queries_partial import PartialRoom
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.service import Rooms

logger = logging.getLogger(__name__)

_MOST_SERVERS = 20
_MOMENT_S = 0.3
_MOST_BEGINS = 20


class StateSource(Protocol):
    """Other servers."""

    async def stream_state(self, destination: str, room_id: str, event_id: str, sink: Sink) -> None:
        """Hand the state before an event (`pdus`) and its auth chain to a sink; raises `MatrixError`."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """How events of a room are fetched and kept. `own_name`: this server's."""

    own_name: str
    source: StateSource
    checks: PduChecks
    arrivals: Arrivals
    importer: Importer


@dataclass(frozen=True, slots=True)
class Life:
    """What background work lives by: time, and what runs it. `retries`: how long to wait between rounds."""

    reactor: Clock
    spawn: Callable[[Awaitable[None]], None]
    retries: Retries = Retries(first_ms=1_000, longest_ms=10 * 60_000)  # noqa: RUF009 (frozen)


class Completion:
    """One task for each room that is not whole. Used on the reactor thread."""

    def __init__(
        self, database: Database, rooms: Rooms, parts: RoomParts, admission: Admission, fetching: Fetching, life: Life
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts
        self._admission = admission
        self._fetching = fetching
        self._life = life
        self._own_name = fetching.own_name
        self._filling = Filling(database, parts)
        self._late = LateState(database, parts)
        self._running: set[str] = set()
        self._pauses: dict[str, tuple[Timer, Deferred[None]]] = {}
        self._is_stopping = False
        self._whole: list[Callable[[str], None]] = []

    def on_whole(self, callback: Callable[[str], None]) -> None:
        """Call back with the id of a room that has become whole, or was left."""
        self._whole.append(callback)

    async def start(self) -> None:
        """Go on with what a stop interrupted."""
        for row in await self._database.read(queries_partial.all_partial):
            if row.completed_at is None:
                self.begin((await self._database.read(self._parts.loader.room, row.room_nid)).room_id)

    def stop(self) -> None:
        """Ask no further server; what was fetched stays."""
        self._is_stopping = True
        for room_id in list(self._pauses):
            self._end_pause(room_id)

    def begin(self, room_id: str) -> None:
        """A room was joined without its members."""
        if room_id not in self._running and not self._is_stopping:
            self._running.add(room_id)
            self._life.spawn(self._run(room_id))

    async def begin_joined(self, room_id: str) -> None:
        """The same, and wait a moment: a small room is whole before the join is answered, a large one is not waited
        for."""
        self.begin(room_id)
        await self._rooms.partial.is_whole_within((await self._rooms.get_room(room_id)).room_nid, _MOMENT_S)

    def revive(self, _: str) -> None:
        """A server that could not be reached is there again: whatever waits may go on."""
        for room_id in list(self._pauses):
            self._end_pause(room_id)

    async def _run(self, room_id: str) -> None:
        try:
            failures = 0
            while not self._is_stopping and not await self._is_done(room_id):
                failures += 1
                await self._pause(room_id, self._life.retries.wait_ms(failures) / 1000)
        finally:
            self._running.discard(room_id)
        for callback in self._whole:
            callback(room_id)

    async def _is_done(self, room_id: str) -> bool:
        """Try all servers once; whether nothing is left to do."""
        room = await self._rooms.get_room(room_id)
        row = await self._filling.find(room.room_nid)
        if row is None:
            return True
        if await self._admission.find_joined(room_id) is None:
            await self._filling.give_up(room)
            return True
        servers = await self._rooms.occupancy.joined_servers(room.room_nid)
        others = sorted(servers - {row.resident, self._own_name})
        for server in [row.resident, *others][:_MOST_SERVERS]:
            if self._is_stopping:
                return False
            try:
                await self._fill(room, row, server)
            except MatrixError as error:
                logger.info("%s did not give the members of %s: %s", server, room_id, error.message)
                continue
            return True
        return False

    async def _fill(self, room: RoomRecord, row: PartialRoom, server: str) -> None:
        """Fetch, check and write. Where it fails, or the server stops, what is written stays and is passed over when
        it comes again."""
        join = await self._database.read(self._parts.loader.get, row.join_nid)
        with closing(RoomSpool(self._fetching.checks, room.room_id, room.version, "pdus")) as spool:
            await self._fetching.source.stream_state(server, room.room_id, join.event_id, spool)
            await spool.finish()
            root = await self._database.read(self._root_ids, row)
            if any(spool.state_ids.get(key) != event_id for key, event_id in root.items()):
                raise BadAnswer(server, "the state before the join is another than at the join")
            await self._fetching.importer.keep_outliers(join, spool.batches())
            unchecked = await spool.left_over(self._fetching.importer.lacking)
            await self._filling.add(room, spool.state_ids)
            if unchecked:
                await self._late.note(room, row.root_nid, unchecked)
        await self._filling.finish(room, await self._history(room, server))
        logger.info("%s is whole, by %s", room.room_id, server)

    def _root_ids(self, tx: Transaction, row: PartialRoom) -> dict[StateKey, str]:
        """The state that came with the join."""
        state = self._parts.snapshots.get(tx, row.root_nid)
        ids = queries_events.ids_by_nid(tx, list(state.values()))
        return {key: ids[nid] for key, nid in state.items()}

    async def _history(self, room: RoomRecord, server: str) -> dict[str, StateIds]:
        """The state before the events that were fetched backwards while there was none to tell."""
        found: dict[str, StateIds] = {}
        for event_id in (await self._filling.missing_state(room))[:_MOST_BEGINS]:
            try:
                found[event_id] = await self._fetching.arrivals.fetch_state(room, event_id, server)
            except MatrixError as error:
                logger.info("%s did not give the state before %s: %s", server, event_id, error.message)
        return found

    async def _pause(self, room_id: str, wait_s: float) -> None:
        waiting: Deferred[None] = Deferred()
        timer = self._life.reactor.callLater(wait_s, self._end_pause, room_id)
        self._pauses[room_id] = (timer, waiting)
        await waiting

    def _end_pause(self, room_id: str) -> None:
        timer, waiting = self._pauses.pop(room_id)
        if timer.active():
            timer.cancel()
        waiting.callback(None)
