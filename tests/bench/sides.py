"""What it costs to bring two sides of a partition together: `python -m tests.bench.sides [CHANGES] [MEMBERS]`.

A room of version 12 with so many members; on each of two sides half of the changes were made one after the other:
topics, joins and bans in turn, power levels now and then. Prints the CPU time of the resolution.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from twisted.internet import reactor

from homeserver.database import CacheBudget, Transaction, open_database
from homeserver.protocol.events import Event
from homeserver.rooms.kernel import make_parts
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.tables import TABLES
from tests.bench.forks import Filling, measured
from tests.protocol.sample_rooms import ALICE, SampleRoom
from tests.support.own_reactor import run


def main(changes: int, members: int) -> None:
    """Measure."""
    sample = SampleRoom("12").power().join_rule("public")
    with tempfile.TemporaryDirectory() as folder:
        database = open_database("sqlite", str(Path(folder) / "sides.db"), reactor)
        database.start(TABLES)
        parts = make_parts("a.example", lambda pdu, _: pdu, CacheBudget(256_000_000), database.feed)

        def fill(tx: Transaction) -> tuple[RoomRecord, list[int]]:
            filling = Filling(tx, parts, sample)
            first = filling.add(*sample.events.values())
            joined = [sample.membership(f"@m{number}:b.example", "join") for number in range(members)]
            shared = filling.snapshot(None, {**first, **filling.add(*joined)})
            tips = []
            for side in range(2):
                tip = shared
                for number in range(changes // 2):
                    tip = filling.snapshot(tip, filling.add(_change(sample, side, number)))
                tips.append(tip)
            return filling.room, tips

        room, tips = run(database.transact(fill), timeout_s=300)
        fresh = make_parts("a.example", lambda pdu, _: pdu, CacheBudget(256_000_000), database.feed)
        for cache, resolver in (("warm", parts.resolver), ("cold", fresh.resolver)):
            cpu_s, longest_s = measured(partial(run, database.transact(resolver.resolve, room, tips)))
            print(f"{changes} changes on two sides, {members} members, caches {cache}: {cpu_s:.3f} s of CPU, ", end="")
            print(f"reactor held {longest_s:.3f} s")
        database.close()


def _change(sample: SampleRoom, side: int, number: int) -> Event:
    if number % 10 == 9:
        return sample.power_event(ALICE, users_default=0, events={f"test.{side}.{number}": 50})
    if number % 3 == 0:
        return sample.topic(ALICE, f"{side} {number}")
    if number % 3 == 1:
        return sample.membership(f"@new{side}x{number}:c.example", "join")
    return sample.membership(f"@m{2 * number + side}:b.example", "ban", ALICE)


if __name__ == "__main__":
    main(*(int(one) for one in (*sys.argv[1:], "200", "10000")[:2]))
