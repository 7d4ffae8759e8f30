"""SQLite: the file, its settings, and another process that has it open."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

from twisted.internet import reactor

from homeserver.database import Transaction, open_database
from tests.database.database_case import TABLES, DatabaseCase, add_thing, begin, names, result_of
from tests.support.own_reactor import run


class Sqlite(DatabaseCase):
    def test_a_commit_is_on_disk(self) -> None:
        """A write-ahead log that is synced at every commit; less would lose acknowledged requests with the power."""

        def setting(name: str) -> object:
            return self.transact(lambda tx: tx.value(f"PRAGMA {name}"))

        self.assertEqual(setting("journal_mode"), "wal")
        self.assertEqual(setting("synchronous"), 2)
        self.assertEqual(setting("foreign_keys"), 1)

    def test_only_its_owner_reads_the_file(self) -> None:
        """Nor do others read the log beside it."""
        self.transact(add_thing, "chair")
        files = list(Path(self.place.location).parent.iterdir())

        self.assertGreater(len(files), 1)
        self.assertEqual([one.name for one in files if stat.S_IMODE(one.stat().st_mode) & 0o077], [])

    def test_a_file_that_is_there_keeps_its_mode(self) -> None:
        """What the operator gave to others stays theirs."""
        self.database.close()
        Path(self.place.location).chmod(0o640)
        self.database = self.open()

        self.assertEqual(stat.S_IMODE(Path(self.place.location).stat().st_mode), 0o640)

    def test_reads_go_on_while_another_process_writes(self) -> None:
        """They see what was there before; a write waits, and happens once the other is done."""
        self.transact(add_thing, "before")
        other = self._other_process()
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO things (name, position) VALUES ('other', 0)")
        waiting = begin(self.database.transact(add_thing, "waiting"))

        self.assertEqual(run(self.database.glance(names)), ["before"])
        self.assertEqual(self.read(names), ["before"])
        self.assertFalse(waiting[0].called)

        other.execute("COMMIT")
        result_of(waiting)
        self.assertEqual(self.read(names), ["other", "before", "waiting"])

    def test_reads_go_on_while_the_writer_is_in_the_middle(self) -> None:
        """They neither wait for it nor see what is not committed."""

        seen: list[list[str]] = []

        def write_and_look(tx: Transaction) -> None:
            add_thing(tx, "chair")
            seen.extend((run(self.database.glance(names)), self.read(names)))

        self.transact(write_and_look)

        self.assertEqual(seen, [[], []])
        self.assertEqual(self.read(names), ["chair"])

    def test_another_process_may_read_for_long(self) -> None:
        """A backup does not stop the server."""
        other = self._other_process()
        other.execute("BEGIN")
        other.execute("SELECT COUNT(*) FROM things").fetchone()
        for index in range(50):
            self.transact(add_thing, f"{index}")

        self.assertEqual(other.execute("SELECT COUNT(*) FROM things").fetchone(), (0,))
        self.assertEqual(len(self.read(names)), 50)

    def test_what_another_process_publishes_keeps_the_order(self) -> None:
        """Its position is not given a second time, and its change is delivered before the next of one's own."""
        heard = self.heard(self.database)
        self.transact(add_thing, "one")
        other = self._other_process()
        other.execute("UPDATE stream_position SET position = position + 1")
        other.execute("INSERT INTO changes SELECT position, 'things', 'other', 0 FROM stream_position")
        self.transact(add_thing, "two")

        self.assertEqual(heard, ["one", "other", "two"])

    def test_where_no_log_can_be_kept_the_start_says_so(self) -> None:
        """Here SQLite would make a database that goes with the connection."""
        nameless = open_database("sqlite", "", reactor)
        self.addCleanup(nameless.close)

        with self.assertRaisesRegex(sqlite3.OperationalError, "write-ahead log"):
            nameless.start(TABLES)

    def test_a_database_in_memory_is_one_like_any_other(self) -> None:
        """All its readers see it; two of them are apart; nothing of it is left behind."""
        one, two = (open_database("sqlite", ":memory:", reactor) for _ in range(2))
        for database in (one, two):
            database.start(TABLES)
            self.addCleanup(database.close)
        run(one.transact(add_thing, "chair"))

        self.assertEqual(run(one.read(names)), ["chair"])
        self.assertEqual(run(one.glance(names)), ["chair"])
        self.assertEqual(run(two.read(names)), [])
        file = Path(run(one.read(lambda tx: tx.one("PRAGMA database_list")))[2])
        self.assertTrue(file.exists())
        one.close()
        self.assertFalse(file.parent.exists())

    def _other_process(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.place.location, isolation_level=None)
        self.addCleanup(connection.close)
        return connection
