"""Creating tables, and bringing those of earlier versions up to date."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from twisted.internet import reactor

from homeserver.database import DatabaseTooNew, open_database
from homeserver.database.tables import Table
from tests.database.database_case import COUNTERS, TABLES, THINGS, DatabaseCase, add_thing, names
from tests.support.databases import fresh_database, on_postgres

FIRST = Table(
    name="chairs",
    owner="test",
    sql="CREATE TABLE chairs (chair_nid SERIAL8 PRIMARY KEY, legs TEXT NOT NULL);",
    bound="one test",
    reaper="never",
)
SECOND = replace(
    FIRST,
    sql="CREATE TABLE chairs (chair_nid SERIAL8 PRIMARY KEY, legs TEXT NOT NULL, colour TEXT NOT NULL);",
    version=2,
    migrations={2: "ALTER TABLE chairs ADD COLUMN colour TEXT NOT NULL DEFAULT 'brown';"},
)
THIRD = replace(
    SECOND,
    sql="""
    CREATE TABLE chairs (chair_nid SERIAL8 PRIMARY KEY, colour TEXT NOT NULL);
    CREATE INDEX chairs_colour ON chairs (colour);
    """,
    version=3,
    migrations={
        **SECOND.migrations,
        3: """
        INSERT INTO legs (chair_nid, count) SELECT chair_nid, CAST(legs AS BIGINT) FROM chairs;
        ALTER TABLE chairs DROP COLUMN legs;
        CREATE INDEX chairs_colour ON chairs (colour);
        """,
    },
)
LEGS = Table(
    name="legs",
    owner="test",
    sql="CREATE TABLE legs (chair_nid BIGINT PRIMARY KEY, count BIGINT NOT NULL);",
    bound="one test",
    reaper="never",
)


class Schema(DatabaseCase):
    def test_a_start_over_what_is_there_changes_nothing(self) -> None:
        """Rows and position stay."""
        self.transact(add_thing, "chair")
        self.restart(TABLES)

        self.assertEqual(self.read(names), ["chair"])

    def test_migrations_lead_through_every_version(self) -> None:
        """From the first to the third in one start; what moves into a new table finds it there."""
        self.restart([FIRST])
        self.transact(lambda tx: tx.run("INSERT INTO chairs (legs) VALUES ('4')"))
        self.restart([THIRD, LEGS])

        self.assertEqual(self.read(lambda tx: tx.all("SELECT chair_nid, colour FROM chairs")), [(1, "brown")])
        self.assertEqual(self.read(lambda tx: tx.all("SELECT chair_nid, count FROM legs")), [(1, 4)])
        self.assertEqual(self.version("chairs"), 3)

    def test_a_migration_runs_once(self) -> None:
        """Not again at the next start, and not those before the version that is there."""
        self.restart([FIRST])
        for _ in range(2):
            self.restart([SECOND])
        self.transact(lambda tx: tx.run("INSERT INTO chairs (legs, colour) VALUES ('4', 'red')"))
        for _ in range(2):
            self.restart([THIRD, LEGS])

        self.assertEqual(self.read(lambda tx: tx.all("SELECT colour FROM chairs")), [("red",)])
        self.assertEqual(self.read(lambda tx: tx.all("SELECT count FROM legs")), [(4,)])

    def test_a_new_table_is_made_as_it_shall_be(self) -> None:
        """In its last version, without any migration."""
        self.restart([LEGS, THIRD])

        self.transact(lambda tx: tx.run("INSERT INTO chairs (colour) VALUES ('red')"))
        self.assertEqual(self.version("chairs"), 3)
        self.assertEqual(self.read(lambda tx: tx.all("SELECT * FROM legs")), [])

    def test_where_a_migration_fails_everything_is_as_before(self) -> None:
        """The version before starts again over it."""
        self.restart([FIRST])
        self.transact(lambda tx: tx.run("INSERT INTO chairs (legs) VALUES ('4')"))
        self.database.close()
        broken = replace(THIRD, migrations={**SECOND.migrations, 3: "DELETE FROM chairs; DELETE FROM nowhere"})
        with self.assertRaisesRegex(Exception, "nowhere"):
            self.open([broken, LEGS])

        self.database = self.open([FIRST])
        self.assertEqual(self.read(lambda tx: tx.all("SELECT * FROM chairs")), [(1, "4")])
        self.assertEqual(self.version("chairs"), 1)
        self.assertIsNone(self.version("legs"))

    def test_a_database_of_a_later_version_is_left_alone(self) -> None:
        """An older program says so instead of starting, and changes nothing."""
        self.restart([SECOND])
        self.database.close()
        with self.assertRaisesRegex(DatabaseTooNew, "chairs"):
            self.open([LEGS, FIRST])

        self.database = self.open([SECOND])
        self.assertIsNone(self.version("legs"))

    def test_a_table_that_nobody_declares_any_more_stays(self) -> None:
        """Without the feature that it belonged to, the server starts."""
        self.transact(add_thing, "chair")
        self.restart([COUNTERS])
        self.restart(TABLES)

        self.assertEqual(self.read(names), ["chair"])

    def test_of_many_that_start_at_once_one_makes_the_tables(self) -> None:
        """The others wait for it, and all of them work."""
        self.restart([FIRST])
        self.database.close()
        started = self.start_together(6, [THIRD, LEGS, THINGS])

        self.assertEqual([each for each in started if isinstance(each, Exception)], [])
        self.database = started[0]
        self.assertEqual(self.version("chairs"), 3)
        self.transact(add_thing, "chair")
        self.database = started[-1]
        self.assertEqual(self.read(names), ["chair"])

    def test_many_may_start_over_nothing_at_once(self) -> None:
        """Not even the file is there."""
        for _ in range(2):
            self.place = self.enterContext(fresh_database(self.engine))
            started = self.start_together(6, TABLES)
            self.assertEqual([each for each in started if isinstance(each, Exception)], [])

    def test_a_version_without_its_migration_cannot_be_declared(self) -> None:
        """It would be noticed at an operator's upgrade only."""
        for version, migrations in ((2, {}), (3, {3: "SELECT 1"}), (1, {2: "SELECT 1"})):
            with self.assertRaisesRegex(ValueError, "chairs"):
                replace(FIRST, version=version, migrations=migrations)

    def restart(self, tables: Sequence[Table]) -> None:
        """As another version of the program, with these tables."""
        self.database.close()
        self.database = self.open(tables)

    def version(self, table: str) -> int | None:
        """The one that is recorded."""
        found: int | None = self.read(
            lambda tx: tx.value("SELECT version FROM schema_versions WHERE name = :table", table=table)
        )
        return found

    def start_together(self, count: int, tables: Sequence[Table]) -> list[Any]:
        """So many starts at the same time; the databases, or why one did not start."""
        started: list[Any] = []
        barrier = threading.Barrier(count)

        def start() -> None:
            database = open_database(self.place.engine, self.place.location, reactor)
            barrier.wait(10)
            try:
                database.start(tables)
                started.append(database)
            except Exception as error:
                started.append(error)
            self.addCleanup(database.close)

        threads = [threading.Thread(target=start) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return started


SchemaOnPostgres = on_postgres(Schema)
