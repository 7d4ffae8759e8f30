"""Connections of sliding sync that nobody uses are forgotten."""

from __future__ import annotations

import unittest

from twisted.internet import reactor

from homeserver.database import CacheBudget, open_database
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.requester import Requester
from homeserver.sync.sliding.connections import Connections
from homeserver.sync.sliding.memory import Memory, RoomMemory
from homeserver.sync.sliding.required_state import StateWanted
from homeserver.sync.sliding.tables import TABLES
from homeserver.sync.tokens import SyncToken
from tests.support.databases import fresh_database, on_postgres
from tests.support.own_reactor import run

BOB = Requester("@bob:a.example", "PHONE", 1)
DAY_MS = 24 * 3600 * 1000


class SlidingReapingTest(unittest.TestCase):
    """A connection that was told of room 7, and days that go by."""

    engine = "sqlite"

    def setUp(self) -> None:
        self.now_ms = 1_000 * DAY_MS
        place = self.enterContext(fresh_database(self.engine))
        self.database = open_database(place.engine, place.location, reactor)
        self.database.start(TABLES)
        self.addCleanup(self.database.close)
        self.connections = Connections(self.database, CacheBudget(1_000_000).cache("connections"), lambda: self.now_ms)
        memory = Memory({7: RoomMemory(5, 1, 0, "join")}, {}, [StateWanted()])
        opened = run(self.connections.open(BOB, "", None))
        self.pos = run(self.connections.save(opened, SyncToken(5, 1), memory, memory))

    def days_go_by(self, days: int) -> None:
        """And what is past its time is deleted."""
        self.now_ms += days * DAY_MS
        run(self.connections.reap())

    def test_after_thirty_days_it_is_gone(self) -> None:
        """The client begins anew."""
        self.days_go_by(31)
        with self.assertRaises(MatrixError) as caught:
            run(self.connections.open(BOB, "", self.pos))
        self.assertEqual(caught.exception.errcode, "M_UNKNOWN_POS")

    def test_what_is_used_stays(self) -> None:
        """Though nothing is ever new, so that nothing is told."""
        for _ in range(4):
            self.days_go_by(20)
            opened = run(self.connections.open(BOB, "", self.pos))
            self.assertEqual(list(opened.told.memory.rooms), [7])


SlidingReapingTestOnPostgres = on_postgres(SlidingReapingTest)
