"""Several processes over one PostgreSQL: each hears of everything, in order, and they do not undo each other's work."""

from __future__ import annotations

import sys
import threading
import unittest
from typing import Any

import psycopg

from homeserver.database import Database, Transaction
from tests.database.database_case import (
    DatabaseCase,
    add_thing,
    all_of,
    begin,
    count_up,
    names,
    result_of,
    wait_until,
)
from tests.database.writing_process import start_writing
from tests.support.databases import POSTGRES
from tests.support.own_reactor import run


@unittest.skipUnless(POSTGRES, "needs HEARTH_TEST_POSTGRES")
class SeveralProcesses(DatabaseCase):
    engine = "postgresql"

    def setUp(self) -> None:
        """A second one, with connections, threads and memory of its own."""
        super().setUp()
        self.other = self.open()

    def test_both_hear_of_everything_once_and_in_order(self) -> None:
        """Whoever wrote it, while both write as fast as they can."""
        heard, heard_there = self.heard(self.database), self.heard(self.other)
        one = [self.database.transact(add_thing, f"one {index}") for index in range(200)]
        two = [self.other.transact(add_thing, f"two {index}") for index in range(200)]
        all_of([each for pair in zip(one, two, strict=True) for each in pair])
        written = self.read(names)

        self.assertEqual(len(written), 400)
        wait_until(lambda: len(heard) >= 400 and len(heard_there) >= 400)
        self.assertEqual(heard, written)
        self.assertEqual(heard_there, written)
        self.assertEqual(self.database.feed.position, self.other.feed.position)

    def test_with_few_writes_at_a_time_nothing_is_lost_either(self) -> None:
        """Each with a commit of its own, so that writer and listener take turns."""
        interval_s = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, interval_s)
        # Threads are interrupted anywhere.
        sys.setswitchinterval(1e-6)
        heard, heard_there = self.heard(self.database), self.heard(self.other)

        async def write(database: Database, name: str) -> None:
            for index in range(60):
                await database.transact(add_thing, f"{name} {index}")

        all_of([write(self.database, "one"), write(self.other, "two"), write(self.other, "three")])
        written = self.read(names)

        wait_until(lambda: len(heard) >= 180 and len(heard_there) >= 180)
        self.assertEqual(heard, written)
        self.assertEqual(heard_there, written)

    def test_another_process_is_heard_until_it_is_killed(self) -> None:
        """A real one; what it committed last is heard of although it could say no more."""
        heard = self.heard(self.database)
        process = start_writing(self.place)
        wait_until(lambda: len(heard) > 200)
        process.kill()
        process.communicate()

        wait_until(lambda: heard == self._published())

    def test_what_was_read_up_to_a_position_stays_as_it_was(self) -> None:
        """Nothing is committed later with a position that was seen before."""
        seen: list[tuple[int, list[str]]] = []

        def look(tx: Transaction) -> None:
            position = tx.value("SELECT position FROM stream_position")
            seen.append((position, names(tx)))

        async def watch() -> None:
            for _ in range(40):
                await self.database.read(look)

        one = [self.database.transact(add_thing, f"one {index}") for index in range(300)]
        two = [self.other.transact(add_thing, f"two {index}") for index in range(300)]
        all_of([watch(), *(each for pair in zip(one, two, strict=True) for each in pair)])

        rows = self.read(lambda tx: tx.all("SELECT position, name FROM things ORDER BY position"))
        for position, found in seen:
            self.assertEqual(found, [name for at, name in rows if at <= position])

    def test_a_lost_notification_loses_nothing(self) -> None:
        """What was written without one is found by looking."""
        heard = self.heard(self.database)
        with psycopg.connect(self.place.location) as connection:
            connection.execute("UPDATE stream_position SET position = position + 1")
            connection.execute("INSERT INTO changes SELECT position, 'things', 'quiet', 0 FROM stream_position")

        wait_until(lambda: heard == ["quiet"])

    def test_changes_of_others_come_before_ones_own(self) -> None:
        """Also where the notification is behind: a result is never delivered before what it may rest on."""
        heard = self.heard(self.database)
        with psycopg.connect(self.place.location) as connection:
            connection.execute("UPDATE stream_position SET position = position + 1")
            connection.execute("INSERT INTO changes SELECT position, 'things', 'quiet', 0 FROM stream_position")
        self.transact(add_thing, "own")

        self.assertEqual(heard, ["quiet", "own"])

    def test_what_is_announced_reaches_the_others_in_order(self) -> None:
        """Once each, also what is said twice; oneself hears it at once, and not again."""
        heard: list[tuple[str, Any]] = []
        heard_there: list[tuple[str, Any]] = []
        self.database.feed.subscribe_volatile("typing", lambda key, value: heard.append((key, value)))
        self.other.feed.subscribe_volatile("typing", lambda key, value: heard_there.append((key, value)))
        said = [("!room", {"typing": is_typing, "näme": "é"}) for is_typing in (True, False, True, True, False)]

        async def announce() -> None:
            for key, value in said:
                self.database.announce("typing", key, value)

        run(announce())
        wait_until(lambda: len(heard_there) >= len(said))
        self.assertEqual(heard_there, said)
        self.assertEqual(heard, said)

    def test_named_locks_order_what_two_do(self) -> None:
        """Counting up in both at once loses nothing."""
        self._start_counters("a", "b")
        one = [self.database.transact(count_up, "a", locks=("a",)) for _ in range(150)]
        two = [self.other.transact(count_up, "a", locks=("a",)) for _ in range(150)]
        counted = all_of([each for pair in zip(one, two, strict=True) for each in pair])

        self.assertEqual(sorted(counted), list(range(1, 301)))

    def test_locks_are_taken_in_one_order_whatever_was_asked_for(self) -> None:
        """Who waits for the first of its locks does not hold the others yet, so two cannot wait for each other."""
        third = self.open()
        is_held, is_released = threading.Event(), threading.Event()

        def hold(tx: Transaction) -> None:
            is_held.set()
            is_released.wait(30)

        holding = begin(third.transact(hold, locks=("a",)))
        self.assertTrue(is_held.wait(10))
        waiting = begin(self.database.transact(names, locks=("b", "a")))
        wait_until(self._is_somebody_waiting)

        self.assertEqual(run(self.other.transact(names, locks=("b",))), [])
        self.assertFalse(waiting[0].called)
        is_released.set()
        self.assertEqual([result_of(holding), result_of(waiting)], [None, []])

    def test_many_locks_at_once_end_well(self) -> None:
        """Batches of bodies with locks in all orders, over rows that only the locks protect."""
        self._start_counters("a", "b")
        runs: list[str] = []

        def both(tx: Transaction, first: str, second: str) -> None:
            runs.append(first)
            count_up(tx, first)
            count_up(tx, second)
            tx.publish("counters", first)

        one = [self.database.transact(both, "a", "b", locks=("a", "b")) for _ in range(100)]
        two = [self.other.transact(both, "b", "a", locks=("b", "a")) for _ in range(100)]

        self.assertEqual(all_of([*one, *two]), [None] * 200)
        self.assertEqual(self.read(lambda tx: tx.all("SELECT value FROM counters")), [(200,), (200,)])
        self.assertEqual(len(runs), 200)

    def test_a_deadlock_is_undone_and_run_again(self) -> None:
        """Where bodies lock rows in opposite orders without names, both happen, once."""
        self._start_counters("a", "b")
        meeting = threading.Barrier(2)

        def both(tx: Transaction, first: str, second: str) -> None:
            count_up(tx, first)
            # Broken once one is run again, alone.
            try:
                meeting.wait(10)
            except threading.BrokenBarrierError:
                pass
            else:
                meeting.abort()
            count_up(tx, second)

        one, two = self.database.transact(both, "a", "b"), self.other.transact(both, "b", "a")

        self.assertEqual(all_of([one, two]), [None, None])
        self.assertEqual(self.read(lambda tx: tx.all("SELECT value FROM counters")), [(2,), (2,)])

    def test_numbers_are_given_once_among_all(self) -> None:
        """Each takes its own from the table's sequence."""

        def number(tx: Transaction) -> int:
            return tx.allocate("things", "thing_nid")

        numbers = all_of([each.transact(number) for _ in range(120) for each in (self.database, self.other)])

        self.assertEqual(len(set(numbers)), 240)

    def test_a_body_that_swallows_a_failure_is_not_acknowledged(self) -> None:
        """PostgreSQL undoes a transaction of which a statement failed, whatever the body makes of it."""

        def swallow(tx: Transaction) -> None:
            tx.run("INSERT INTO things (name, position) VALUES ('chair', 0)")
            try:
                tx.run("INSERT INTO things (name, position) VALUES (NULL, 0)")
            except psycopg.errors.NotNullViolation:
                return

        outcomes = self.at_once([self.database.transact(swallow), self.database.transact(add_thing, "table")])

        self.assertIsInstance(outcomes[0], psycopg.errors.InFailedSqlTransaction)
        self.assertEqual(self.read(names), ["table"])

    def _published(self) -> list[str]:
        with psycopg.connect(self.place.location) as connection:
            return [row[0] for row in connection.execute("SELECT key FROM changes ORDER BY position")]

    def _is_somebody_waiting(self) -> bool:
        with psycopg.connect(self.place.location) as connection:
            waiting = connection.execute("SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return waiting.fetchone() == (1,)

    def _start_counters(self, *wanted: str) -> None:
        for name in wanted:
            self.transact(lambda tx, name=name: tx.run("INSERT INTO counters VALUES (:name, 0)", name=name))
