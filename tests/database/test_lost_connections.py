"""PostgreSQL ends connections, at its restart or by an administrator: nothing is lost, nothing happens twice."""

from __future__ import annotations

import threading
import unittest

import psycopg

from homeserver.database import OutcomeUnknown, Transaction
from tests.database.database_case import DatabaseCase, add_thing, begin, names, result_of, wait_until
from tests.support.databases import POSTGRES
from tests.support.own_reactor import run

_END_OWN = "SELECT pg_terminate_backend(pg_backend_pid())"


@unittest.skipUnless(POSTGRES, "needs HEARTH_TEST_POSTGRES")
class LostConnections(DatabaseCase):
    engine = "postgresql"

    def test_everything_goes_on_after_all_connections_ended(self) -> None:
        """Reads, writes, and hearing of what others write."""
        other = self.open()
        heard = self.heard(self.database)
        self.transact(add_thing, "before")
        self.assertEqual(self.read(names), ["before"])
        for round_ in range(2):
            self._end_connections()
            self.assertIn("before", self.read(names))
            self.transact(add_thing, f"own {round_}")
            self._end_connections()
            run(other.transact(add_thing, f"other's {round_}"))

        wanted = ["before", "own 0", "other's 0", "own 1", "other's 1"]
        self.assertEqual(self.read(names), wanted)
        wait_until(lambda: heard == wanted)

    def test_a_connection_lost_within_a_body_runs_it_again(self) -> None:
        """Its effects are there once."""
        runs: list[int] = []

        def body(tx: Transaction) -> None:
            runs.append(1)
            add_thing(tx, "chair")
            if len(runs) == 1:
                tx.run(_END_OWN)

        self.transact(body)

        self.assertEqual(len(runs), 2)
        self.assertEqual(self.read(names), ["chair"])

    def test_those_that_shared_the_commit_are_run_again_too(self) -> None:
        """Each is there once, in order."""
        runs: list[int] = []

        def body(tx: Transaction) -> None:
            runs.append(1)
            if len(runs) == 1:
                tx.run(_END_OWN)

        waiting = [self.database.transact(add_thing, f"{index}") for index in range(4)]
        outcomes = self.at_once([*waiting[:2], self.database.transact(body), *waiting[2:]])

        self.assertFalse([outcome for outcome in outcomes if isinstance(outcome, Exception)])
        self.assertEqual(self.read(names), ["0", "1", "2", "3"])

    def test_a_connection_lost_within_a_read_runs_it_again(self) -> None:
        """Over a new one."""
        runs: list[int] = []

        def body(tx: Transaction) -> list[str]:
            runs.append(1)
            if len(runs) == 1:
                tx.run(_END_OWN)
            return names(tx)

        self.transact(add_thing, "chair")

        self.assertEqual(self.read(body), ["chair"])

    def test_a_connection_lost_while_committing_is_said_and_nothing_is_repeated(self) -> None:
        """Nobody knows then whether it happened, so it is for the caller to look."""
        self._end_connection_at_commit()
        runs: list[int] = []

        def body(tx: Transaction) -> None:
            runs.append(1)
            add_thing(tx, "fatal")

        with self.assertRaises(OutcomeUnknown):
            self.transact(body)
        self.assertEqual(len(runs), 1)

        self.transact(add_thing, "after")
        self.assertEqual(self.read(names), ["after"])

    def test_writes_wait_for_a_database_that_is_away_for_a_moment(self) -> None:
        """As for its restart: here it lets nobody in."""
        name = psycopg.conninfo.conninfo_to_dict(self.place.location)["dbname"]
        self._administer(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        self._end_connections()
        writing = begin(self.database.transact(add_thing, "chair"))
        reading = begin(self.database.read(names))
        with self.assertLogs("homeserver.database.connecting", "WARNING"):
            is_tried = threading.Event()
            is_tried.wait(0.3)
            self._administer(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
            result_of(writing)
            result_of(reading)

        self.assertEqual(self.read(names), ["chair"])

    def _end_connections(self) -> None:
        name = psycopg.conninfo.conninfo_to_dict(self.place.location)["dbname"]
        self._administer(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")

    def _administer(self, sql: str) -> None:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(sql.encode())

    def _end_connection_at_commit(self) -> None:
        """Of whoever inserts a thing called `fatal`."""
        with psycopg.connect(self.place.location, autocommit=True) as connection:
            connection.execute(
                """CREATE FUNCTION end_own() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"""
            )
            connection.execute(
                """CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED
                   FOR EACH ROW WHEN (NEW.name = 'fatal') EXECUTE FUNCTION end_own()"""
            )
