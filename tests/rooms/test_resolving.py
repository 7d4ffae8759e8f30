"""Resolving the states of forks out of the database, where only what differs is looked at.

https://spec.matrix.org/v1.19/rooms/v12/#state-resolution
"""

from __future__ import annotations

import unittest

from hypothesis import given
from pyroaring import BitMap
from twisted.internet import reactor

from homeserver.database import CacheBudget, Database, Transaction, open_database
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.state_resolution import EventGraph, resolve
from homeserver.rooms import queries_events, queries_rooms
from homeserver.rooms.kernel import RoomParts, make_parts
from homeserver.rooms.outliers import authorising_ids, outlier_row
from homeserver.rooms.records import RoomRecord, Status
from homeserver.rooms.tables import TABLES
from tests.protocol.sample_histories import HISTORIES, Histories, lived
from tests.protocol.sample_rooms import SampleRoom, State, ids_of
from tests.support.databases import fresh_database, on_postgres
from tests.support.laws import law
from tests.support.own_reactor import run


class Abandoned(Exception):
    """Undoes a transaction."""


class ResolvingTest(unittest.TestCase):
    """Against the algorithm over whole states in memory."""

    engine = "sqlite"
    database: Database

    @classmethod
    def setUpClass(cls) -> None:
        place = cls.enterClassContext(fresh_database(cls.engine))
        cls.database = open_database(place.engine, place.location, reactor)
        cls.database.start(TABLES)
        cls.addClassCleanup(cls.database.close)

    @law(max_examples=60)
    @given(HISTORIES)
    def test_the_same_as_over_whole_states(self, history: Histories) -> None:
        """Whatever the sides of a room have in common, and however often a side comes."""
        sample, sides = lived(history)
        expected = resolve(sample.version, [ids_of(side) for side in sides], EventGraph(sample.events))

        self.assertEqual(self._resolved(sample, sides), expected)

    def _resolved(self, sample: SampleRoom, sides: list[State]) -> dict[StateKey, str]:
        """What the database makes of it; nothing is left of it there."""
        parts = make_parts("a.example", lambda pdu, _: pdu, CacheBudget(10_000_000), self.database.feed)
        found: dict[StateKey, str] = {}

        def work(tx: Transaction) -> None:
            found.update(_resolve(tx, parts, sample, sides))
            raise Abandoned

        with self.assertRaises(Abandoned):
            run(self.database.transact(work))
        return found


def _resolve(tx: Transaction, parts: RoomParts, sample: SampleRoom, sides: list[State]) -> dict[StateKey, str]:
    nid = queries_rooms.insert_room(tx, sample.create.room_id, sample.version.version)
    room = RoomRecord(nid, sample.create.room_id, sample.version)
    nids = _insert(tx, room, sample)
    snapshots = [_snapshot(tx, parts, room, side, nids) for side in sides]
    resolved = parts.snapshots.get(tx, parts.resolver.resolve(tx, room, snapshots))
    ids = {event_nid: event_id for event_id, event_nid in nids.items()}
    return {key: ids[event_nid] for key, event_nid in resolved.items()}


def _insert(tx: Transaction, room: RoomRecord, sample: SampleRoom) -> dict[str, int]:
    """The events, which are in an order in which each comes after what it cites; id to number."""
    nids: dict[str, int] = {}
    chains: dict[str, BitMap] = {}
    for event_id, event in sample.events.items():
        nids[event_id] = tx.allocate("events", "event_nid")
        cited = authorising_ids(room, event)
        chains[event_id] = BitMap.union(BitMap(nids[one] for one in cited), *(chains[one] for one in cited))
        row = outlier_row(room, event, nids[event_id], Status.ACCEPTED, chains[event_id])
        queries_events.insert_event(tx, row)
    return nids


def _snapshot(tx: Transaction, parts: RoomParts, room: RoomRecord, side: State, nids: dict[str, int]) -> int:
    """The state as it came about: one event after the other, each a snapshot of its own."""
    at = parts.snapshots.extend(tx, room.room_nid, None, {})
    for key, event in sorted(side.items(), key=_age):
        at = parts.snapshots.extend(tx, room.room_nid, at, {key: nids[event.event_id]})
    return at


def _age(entry: tuple[StateKey, Event]) -> int:
    return entry[1].depth


ResolvingTestOnPostgres = on_postgres(ResolvingTest)
