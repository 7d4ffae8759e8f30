"""What it costs to resolve a room that has forked widely: `python -m tests.bench.forks [FORKS] [MEMBERS]`.

A room of version 12 with so many members, and so many tips, each with a topic and a member of its own. Prints the CPU
time of the resolution, and the longest time during it in which the reactor's thread did not turn.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

from pyroaring import BitMap
from twisted.internet import reactor
from twisted.internet.task import LoopingCall

from homeserver.database import CacheBudget, Transaction, open_database
from homeserver.protocol.events import Event
from homeserver.rooms import queries_events, queries_rooms
from homeserver.rooms.kernel import RoomParts, make_parts
from homeserver.rooms.outliers import authorising_ids, outlier_row
from homeserver.rooms.records import RoomRecord, Status
from homeserver.rooms.tables import TABLES
from tests.protocol.sample_rooms import ALICE, SampleRoom
from tests.support.own_reactor import run


class Filling:
    """Writes a room's events and states."""

    def __init__(self, tx: Transaction, parts: RoomParts, sample: SampleRoom) -> None:
        nid = queries_rooms.insert_room(tx, sample.create.room_id, sample.version.version)
        self.room = RoomRecord(nid, sample.create.room_id, sample.version)
        self._tx, self._parts = tx, parts
        self._nids: dict[str, int] = {}
        self._chains: dict[str, BitMap] = {}

    def add(self, *events: Event) -> dict[tuple[str, str], int]:
        """Write events; what they change of a state."""
        rows = []
        for event in events:
            nid = self._nids[event.event_id] = self._tx.allocate("events", "event_nid")
            cited = authorising_ids(self.room, event)
            chain = BitMap.union(BitMap(self._nids[one] for one in cited), *(self._chains[one] for one in cited))
            self._chains[event.event_id] = chain
            rows.append(outlier_row(self.room, event, nid, Status.ACCEPTED, chain))
        queries_events.insert_events(self._tx, rows)
        return {event.key: self._nids[event.event_id] for event in events}

    def snapshot(self, parent: int | None, changes: dict[tuple[str, str], int]) -> int:
        """A state."""
        return self._parts.snapshots.extend(self._tx, self.room.room_nid, parent, dict(changes))


def main(forks: int, members: int) -> None:
    """Measure."""
    sample = SampleRoom("12").power().join_rule("public")
    folder = tempfile.TemporaryDirectory()
    database = open_database("sqlite", str(Path(folder.name) / "forks.db"), reactor)
    database.start(TABLES)
    parts = make_parts("a.example", lambda pdu, _: pdu, CacheBudget(256_000_000), database.feed)

    def fill(tx: Transaction) -> tuple[RoomRecord, list[int]]:
        filling = Filling(tx, parts, sample)
        first = filling.add(*sample.events.values())
        joined = [sample.membership(f"@m{number}:b.example", "join") for number in range(members)]
        shared = filling.snapshot(None, {**first, **filling.add(*joined)})
        tips = []
        for number in range(forks):
            own = (sample.topic(ALICE, str(number)), sample.membership(f"@f{number}:c.example", "join"))
            tips.append(filling.snapshot(shared, filling.add(*own)))
        return filling.room, tips

    room, tips = run(database.transact(fill))
    fresh = make_parts("a.example", lambda pdu, _: pdu, CacheBudget(256_000_000), database.feed)
    for cache, resolver in (("warm", parts.resolver), ("cold", fresh.resolver)):
        cpu_s, longest_s = measured(partial(run, database.transact(resolver.resolve, room, tips)))
        print(f"{forks} forks, {members} members, caches {cache}: {cpu_s:.3f} s of CPU, reactor held {longest_s:.3f} s")
    database.close()


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """(CPU seconds of the process, longest pause of the reactor's thread)."""
    turns: list[float] = []
    loop = LoopingCall(lambda: turns.append(time.perf_counter()))

    async def start() -> None:
        loop.start(0.001)

    async def stop() -> None:
        loop.stop()

    run(start())
    began = time.process_time()
    work()
    spent = time.process_time() - began
    run(stop())
    return spent, max((later - earlier for earlier, later in pairwise(turns)), default=0.0)


if __name__ == "__main__":
    main(*(int(one) for one in (*sys.argv[1:], "1000", "30000")[:2]))
