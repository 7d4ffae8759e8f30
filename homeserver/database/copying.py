"""Copying all of a SQLite database into a PostgreSQL one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from homeserver.database import bookkeeping
from homeserver.database.engine import DatabaseTooNew
from homeserver.database.opening import open_engine
from homeserver.database.schema import prepare_tables
from homeserver.database.tables import Table

_BATCH_ROWS = 5_000
_SERIAL = "SERIAL8 PRIMARY KEY"


class CopyFailed(Exception):
    """Nothing was copied; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """How many rows a table has, there as here."""

    name: str
    rows: int


def copy_to_postgresql(path: Path, dsn: str, tables: Sequence[Table]) -> list[CopiedTable]:
    """Copy every row, and what the numbers that are given automatically have come to. All of it happens, or nothing.

    The file is locked for writing meanwhile. Raises `CopyFailed` where the file has another version's tables, or where
    there is something in the PostgreSQL database already; `sqlite3.Error` and `psycopg.Error` where one of them fails.
    """
    if not path.exists():
        raise CopyFailed(f"{path}: there is no such database")
    wanted = [*bookkeeping.TABLES, *tables]
    with closing(sqlite3.connect(path, isolation_level=None)) as source:
        try:
            source.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise CopyFailed(f"{path}: {error}; is the server still running? Stop it first") from None
        _check_versions(source, path, wanted)
        _prepare(dsn, tables)
        with psycopg.connect(dsn) as target:
            _check_empty(target, tables)
            copied = [_copy_table(source, target, table) for table in wanted]
            for table in wanted:
                _set_sequence(source, target, table)
        return copied


def _check_versions(source: sqlite3.Connection, path: Path, wanted: Sequence[Table]) -> None:
    try:
        present = dict(source.execute("SELECT name, version FROM schema_versions").fetchall())
    except sqlite3.DatabaseError as error:
        raise CopyFailed(f"{path}: this is no database of a homeserver: {error}") from None
    for table in wanted:
        found = present.pop(table.name, 0)
        if found > table.version:
            raise CopyFailed(f"{path}: the table {table.name} was made by a later version of Hearth")
        if found < table.version:
            raise CopyFailed(f"{path}: it is of an earlier version; start this version of the server on it once")
    if present:
        raise CopyFailed(f"{path}: nobody here knows the tables {', '.join(sorted(present))}; they would be lost")


def _prepare(dsn: str, tables: Sequence[Table]) -> None:
    engine = open_engine("postgresql", dsn)
    connection = engine.connect(is_writer=True)
    try:
        prepare_tables(engine, connection, tables)
    except DatabaseTooNew as error:
        raise CopyFailed(f"the PostgreSQL database: {error}") from None
    finally:
        connection.close()
        engine.close()


def _check_empty(target: psycopg.Connection, tables: Sequence[Table]) -> None:
    """Nothing of anybody's is overwritten; a server that is started on it meanwhile waits, and finds it full."""
    # The lock that `prepare_tables` takes.
    target.execute("SELECT pg_advisory_xact_lock(hashtextextended('schema', 0))")
    for table in tables:
        name = sql.Identifier(table.name)
        if target.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(name)).fetchone() is not None:
            raise CopyFailed(
                f"the PostgreSQL database is in use: its table {table.name} has rows; give it one that is empty"
            )


def _copy_table(source: sqlite3.Connection, target: psycopg.Connection, table: Table) -> CopiedTable:
    cursor = source.execute(f'SELECT * FROM "{table.name}"')  # noqa: S608 - the name is one of ours
    columns = [column[0] for column in cursor.description]
    name = sql.Identifier(table.name)
    # What a new database begins with: the first position.
    target.execute(sql.SQL("DELETE FROM {}").format(name))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(name, sql.SQL(", ").join(map(sql.Identifier, columns)))
    rows = 0
    try:
        with target.cursor() as writing, writing.copy(statement) as copy:
            for batch in _batches(cursor):
                rows += len(batch)
                for row in batch:
                    copy.write_row(row)
    except psycopg.DataError as error:
        raise CopyFailed(f"PostgreSQL does not take a row of the table {table.name}: {error}") from None
    counted = target.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone()
    if counted != (rows,):
        raise CopyFailed(f"the table {table.name} has {rows} rows, of which {counted} arrived")
    return CopiedTable(table.name, rows)


def _batches(cursor: sqlite3.Cursor) -> Iterator[list[tuple[object, ...]]]:
    while batch := cursor.fetchmany(_BATCH_ROWS):
        yield batch


def _set_sequence(source: sqlite3.Connection, target: psycopg.Connection, table: Table) -> None:
    """The next number is one that the table never had, also where its largest rows were deleted."""
    column = serial_column(table)
    if column is None:
        return
    given = source.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).fetchone()
    if given is not None and given[0] > 0:
        target.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", (table.name, column, given[0]))


def serial_column(table: Table) -> str | None:
    """The column whose numbers are given automatically."""
    before, found, _ = table.sql.partition(_SERIAL)
    return before.split()[-1] if found else None
