"""Transactions: what is committed, what is not, and what shares a commit."""

from __future__ import annotations

import threading

from homeserver.database import DatabaseClosed, Transaction
from tests.database.database_case import (
    DatabaseCase,
    Wrong,
    add_and_fail,
    add_thing,
    begin,
    names,
    result_of,
)
from tests.support.databases import on_postgres
from tests.support.own_reactor import run


class Transactions(DatabaseCase):
    def test_what_is_committed_is_read_in_every_way(self) -> None:
        """By threads and at once, with the result of the body."""
        nid = self.transact(add_thing, "chair")

        self.assertEqual(self.read(names), ["chair"])
        self.assertEqual(run(self.database.glance(names)), ["chair"])
        self.assertEqual(self.read(lambda tx: tx.all("SELECT thing_nid FROM things")), [(nid,)])

    def test_what_turns_out_to_read_much_is_run_in_a_thread(self) -> None:
        """From its beginning; the reactor's thread, where it was tried, goes on at once."""
        self.transact(add_thing, "chair")
        threads: list[str] = []

        def look(tx: Transaction, rows: int) -> list[str]:
            threads.append(threading.current_thread().name)
            tx.expect(rows)
            return names(tx)

        for rows in (1_000, 1):
            self.assertEqual(run(self.database.browse(look, rows)), ["chair"])

        self.assertIn("database-reader", threads)
        self.assertEqual(self.read(look, 1_000), ["chair"])

    def test_many_reads_at_once_share_few_threads(self) -> None:
        """Each has its own result, or what its body raised."""

        def double(tx: Transaction, number: int) -> int:
            if number % 10 == 3:
                raise Wrong(str(number))
            return 2 * number + len(tx.all("SELECT 1 FROM things"))

        before = set(threading.enumerate())
        outcomes = self.at_once([self.database.read(double, number) for number in range(100)])

        for number, outcome in enumerate(outcomes):
            self.assertEqual(str(outcome), str(number if number % 10 == 3 else 2 * number))
        begun = [one for one in set(threading.enumerate()) - before if one.name == "database-reader"]
        self.assertLessEqual(len(begun), 4)

    def test_what_fails_leaves_nothing_and_says_why(self) -> None:
        """The body's own exception reaches the caller."""
        with self.assertRaisesRegex(Wrong, "chair"):
            self.transact(add_and_fail, "chair")

        self.assertEqual(self.read(names), [])

    def test_waiting_bodies_share_few_commits(self) -> None:
        """A hundred that wait together take two."""
        before = self.database.writer.batches
        self.at_once([self.database.transact(add_thing, f"{index}") for index in range(100)])

        self.assertEqual(self.read(names), [f"{index}" for index in range(100)])
        self.assertEqual(self.database.writer.batches - before, 3)
        self.assertEqual(self.database.writer.bodies, 101)

    def test_one_failing_body_takes_no_other_with_it(self) -> None:
        """Whatever its place in the batch, and whether it failed by itself or by a statement."""
        wanted = [add_and_fail, add_thing, _break_a_rule, add_thing, add_and_fail, add_thing, add_and_fail]
        outcomes = self.at_once([self.database.transact(body, f"{index}") for index, body in enumerate(wanted)])

        self.assertEqual(self.read(names), ["1", "3", "5"])
        self.assertEqual(
            [isinstance(outcome, Exception) for outcome in outcomes], [True, False, True, False, True, False, True]
        )
        self.assertEqual(str(outcomes[4]), "4")

    def test_positions_follow_the_order_of_commits_without_gaps(self) -> None:
        """Also over bodies that failed, which give theirs back."""
        bodies = [add_thing, add_and_fail, add_thing, add_thing, add_and_fail]
        self.at_once([self.database.transact(body, "x") for body in bodies])
        self.assertRaises(Wrong, self.transact, add_and_fail, "y")
        self.transact(add_thing, "z")

        positions = [row[0] for row in self.read(lambda tx: tx.all("SELECT position FROM things ORDER BY thing_nid"))]
        first = positions[0]
        self.assertEqual(positions, [first, first + 1, first + 2, first + 3])
        self.assertEqual(self.read(lambda tx: tx.value("SELECT position FROM stream_position")), first + 3)

    def test_a_body_has_one_position(self) -> None:
        """However much it publishes; the same change is recorded once."""

        def publish(tx: Transaction) -> tuple[int, int, int]:
            return tx.publish("a", "1"), tx.publish("a", "1"), tx.publish("b", "2")

        position, *others = self.transact(publish)

        self.assertEqual(others, [position, position])
        changes = self.read(lambda tx: tx.all("SELECT position, topic, key FROM changes ORDER BY topic"))
        self.assertEqual(changes, [(position, "a", "1"), (position, "b", "2")])

    def test_what_follows_a_commit_is_called_once_it_is_readable(self) -> None:
        """One that fails is no obstacle to the others, nor to the result; after a failed body there is none."""
        called: list[str] = []

        def body(tx: Transaction) -> str:
            tx.after_commit(_raise)
            tx.after_commit(lambda: called.append("after"))
            return "result"

        def failing(tx: Transaction) -> None:
            tx.after_commit(lambda: called.append("never"))
            raise Wrong

        with self.assertLogs("homeserver.database.writer", "ERROR"):
            self.assertEqual(self.transact(body), "result")
        self.assertRaises(Wrong, self.transact, failing)

        self.assertEqual(called, ["after"])

    def test_a_read_changes_nothing(self) -> None:
        """Neither by a statement nor by publishing, and it can be read from afterwards."""
        for read in (self.database.read, self.database.glance):
            with self.assertRaisesRegex(Exception, "readonly database|read-only transaction"):
                run(read(lambda tx: tx.run("DELETE FROM things")))
            with self.assertRaises(AssertionError):
                run(read(lambda tx: tx.publish("things", "1")))
            self.assertEqual(run(read(names)), [])

    def test_a_read_is_one_snapshot(self) -> None:
        """What is committed in the middle of it is not seen by it."""

        def look_twice(tx: Transaction) -> tuple[list[str], list[str]]:
            before = names(tx)
            run(self.database.transact(add_thing, "chair"))
            return before, names(tx)

        self.assertEqual(self.read(look_twice), ([], []))
        self.assertEqual(self.read(names), ["chair"])

    def test_closing_finishes_what_waits_and_refuses_what_comes(self) -> None:
        """Nobody waits for ever."""
        begun = begin(self.database.transact(add_thing, "chair"))
        self.database.close()
        self.assertEqual(result_of(begun), 1)
        for refused in (self.database.transact, self.database.read, self.database.glance):
            with self.assertRaises(DatabaseClosed):
                run(refused(names))

        self.database = self.open()
        self.assertEqual(self.read(names), ["chair"])

    def test_old_changes_are_forgotten(self) -> None:
        """Those of the last hour stay."""
        self.transact(add_thing, "old")
        self.transact(lambda tx: tx.run("UPDATE changes SET written_ts = written_ts - 3700000"))
        self.transact(add_thing, "new")
        run(self.database.reap())

        self.assertEqual(self.read(lambda tx: tx.all("SELECT key FROM changes")), [("new",)])
        self.assertEqual(self.read(names), ["old", "new"])


def _raise() -> None:
    raise Wrong


def _break_a_rule(tx: Transaction, name: str) -> None:
    add_thing(tx, name)
    tx.run("INSERT INTO things (name, position) VALUES (NULL, 1)")


TransactionsOnPostgres = on_postgres(Transactions)
