"""`hearthctl database copy`: from SQLite to PostgreSQL, with nothing lost and no number given twice."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from contextlib import closing
from pathlib import Path

import psycopg

from homeserver.database.bookkeeping import TABLES as BOOKKEEPING
from homeserver.database.copying import serial_column
from homeserver.wiring.tables import TABLES
from tests.support.databases import POSTGRES, Place, fresh_database
from tests.support.homeserver import Homeserver


@unittest.skipUnless(POSTGRES, "HEARTH_TEST_POSTGRES names no PostgreSQL")
class DatabaseCopyTest(unittest.TestCase):
    """A server on SQLite, and an empty database of PostgreSQL."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-copy-")))
        self.path = self.folder / "homeserver.db"
        self.target = self.enterContext(fresh_database("postgresql"))
        self.server = Homeserver(self.folder, {"name": "sqlite3", "args": {"database": str(self.path)}}, None)
        self.addCleanup(self.server.stop)
        self.server.start()

    def copy(self, target: Place | None = None) -> tuple[int, str]:
        """Exit status and what was said."""
        to = self.folder / "postgresql.yaml"
        to.write_text(json.dumps({"database": (target or self.target).config}), encoding="utf-8")
        command = [sys.executable, "-m", "homeserver.commands.control", "database", "copy"]
        command += ["-c", str(self.server.write_configuration()), "--to", str(to)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def counts(self) -> list[tuple[str, int, int]]:
        """(table, rows here, rows there)."""
        found = []
        with closing(sqlite3.connect(self.path)) as source, psycopg.connect(self.target.location) as target:
            for table in [*BOOKKEEPING, *TABLES]:
                (here,) = source.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()
                there = target.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()
                assert there is not None
                found.append((table.name, here, there[0]))
        return found

    def test_the_server_goes_on_where_it_was(self) -> None:
        """Every table has its rows; tokens, rooms, messages and files go on; new numbers are new."""
        alice, bob = self.server.new_user("alice"), self.server.new_user("bob")
        room = alice.create_room(invite=[bob.user_id])
        bob.post(f"/join/{room}", {})
        said = [alice.send(room, text) for text in ("Grüße", "emoji \U0001f600", "back\\slash and\ttab", "\\N")]
        since = bob.sync()["next_batch"]
        self.server.stop()

        status, told = self.copy()

        self.assertEqual(status, 0, told)
        self.assertEqual([one for one in self.counts() if one[1] != one[2]], [])
        self.server.set(database=self.target.config)
        said.append(alice.send(room, "after the move"))
        carol = self.server.new_user("carol")
        alice.post(f"/rooms/{room}/invite", {"user_id": carol.user_id})
        carol.post(f"/join/{room}", {})
        seen = carol.get(f"/rooms/{room}/messages", {"dir": "b", "limit": 100})["chunk"]
        bodies = {one["event_id"]: one["content"].get("body") for one in seen if one["type"] == "m.room.message"}
        self.assertEqual(set(bodies), set(said))
        self.assertEqual(bodies[said[3]], "\\N")
        timeline = bob.sync(since=since)["rooms"]["join"][room]["timeline"]["events"]
        self.assertIn(said[-1], [one["event_id"] for one in timeline])

    def test_sequences_go_on_after_the_largest_number_that_was_ever_given(self) -> None:
        """Also where the row with it was deleted."""
        self.server.new_user("alice").create_room()
        self.server.stop()
        serial = {table.name: column for table in TABLES if (column := serial_column(table)) is not None}
        with closing(sqlite3.connect(self.path)) as source:
            source.execute("UPDATE sqlite_sequence SET seq = seq + 1000")
            source.commit()
            given = dict(source.execute("SELECT name, seq FROM sqlite_sequence").fetchall())

        status, told = self.copy()

        self.assertEqual(status, 0, told)
        self.assertIn("rooms", given)
        with psycopg.connect(self.target.location) as target:
            for name, column in serial.items():
                row = target.execute("SELECT nextval(pg_get_serial_sequence(%s, %s))", (name, column)).fetchone()
                with self.subTest(table=name):
                    self.assertEqual(row, (given.get(name, 0) + 1,))

    def test_nothing_of_anybody_is_overwritten(self) -> None:
        """A second time there is something in the database already, and it stays."""
        self.server.new_user("alice")
        self.server.stop()
        self.assertEqual(self.copy()[0], 0)
        before = self.counts()

        status, told = self.copy()

        self.assertEqual(status, 1)
        self.assertIn("give it one that is empty", told)
        self.assertEqual(self.counts(), before)

    def test_what_cannot_be_copied_is_said_in_a_sentence(self) -> None:
        """A row that PostgreSQL does not take: nothing is copied, and after it is mended, everything."""
        self.server.new_user("alice")
        self.server.stop()
        with closing(sqlite3.connect(self.path)) as source:
            source.execute("UPDATE profiles SET displayname = ?", ("a\0b",))
            source.commit()

        status, told = self.copy()

        self.assertEqual(status, 1)
        self.assertIn("nothing was copied: PostgreSQL does not take a row of the table profiles", told)
        self.assertEqual({one[2] for one in self.counts() if one[0] not in ("stream_position",)}, {0})
        with closing(sqlite3.connect(self.path)) as source:
            source.execute("UPDATE profiles SET displayname = ?", ("ab",))
            source.commit()
        self.assertEqual(self.copy()[0], 0)

    def test_the_other_way_is_refused(self) -> None:
        """The target has to be PostgreSQL."""
        self.server.stop()

        status, told = self.copy(Place("sqlite", str(self.folder / "other.db")))

        self.assertEqual(status, 2)
        self.assertIn("allowed is `name: psycopg`", told)

    def test_an_older_database_has_to_be_started_once(self) -> None:
        """Migrations are the server's."""
        self.server.stop()
        with closing(sqlite3.connect(self.path)) as source:
            source.execute("DELETE FROM schema_versions WHERE name = 'rooms'")
            source.commit()

        status, told = self.copy()

        self.assertEqual(status, 1)
        self.assertIn("start this version of the server on it once", told)
