"""How many connections to PostgreSQL there are."""

from __future__ import annotations

import threading
import unittest

import psycopg
from twisted.internet import reactor

from homeserver.database import Database, ReaderLimits, Transaction, open_database
from tests.database.database_case import TABLES, add_thing, all_of, names, wait_until
from tests.support.databases import POSTGRES, Place, fresh_database
from tests.support.own_reactor import run


@unittest.skipUnless(POSTGRES, "needs HEARTH_TEST_POSTGRES")
class ConnectionsTest(unittest.TestCase):
    """Of a database of its own."""

    place: Place

    def setUp(self) -> None:
        self.place = self.enterContext(fresh_database("postgresql"))

    def open(self, limits: ReaderLimits) -> Database:
        """Open the database; it is closed with the test."""
        database = open_database("postgresql", self.place.location, reactor, limits)
        self.addCleanup(database.close)
        database.start(TABLES)
        return database

    def connections(self) -> int:
        """As the server counts them, without the one that asks."""
        with psycopg.connect(self.place.location) as connection:
            sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            row = connection.execute(sql).fetchone()
        assert row is not None
        return int(row[0])

    def test_so_many_are_there_from_the_start(self) -> None:
        """Those that read, and the one that listens."""
        self.open(ReaderLimits(least=3, most=4))

        self.assertGreaterEqual(self.connections(), 3 + 1)

    def test_there_are_never_more_than_that(self) -> None:
        """Two read at a time, of ten who want to; all get what they asked for."""
        database = self.open(ReaderLimits(most=2))
        run(database.transact(add_thing, "chair"))
        at_once, most = 0, 0
        lock = threading.Lock()

        def slowly(tx: Transaction) -> list[str]:
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            tx.value("SELECT pg_sleep(0.02)")
            found = names(tx)
            with lock:
                at_once -= 1
            return found

        self.assertEqual(all_of([database.read(slowly) for _ in range(10)]), [["chair"]] * 10)

        self.assertLessEqual(most, 2)
        # One that has just been closed is still counted for a moment.
        wait_until(lambda: self.connections() <= 2 + 2, 60)
