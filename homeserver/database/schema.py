"""Bringing the tables to where this version of the program needs them."""

from __future__ import annotations

from collections.abc import Sequence

from homeserver.database import bookkeeping
from homeserver.database.engine import Connection, DatabaseTooNew, Engine
from homeserver.database.tables import Table


def prepare_tables(engine: Engine, connection: Connection, tables: Sequence[Table]) -> None:
    """Create what is missing, then migrate what is older, all in one transaction: all of it happens, or nothing.

    Whoever starts at the same time waits, and then finds nothing left to do. Raises `DatabaseTooNew` where a table is
    newer than this program.
    """
    connection.begin(is_writer=True)
    try:
        connection.lock(["schema"])
        present = _present_versions(connection)
        wanted = [*bookkeeping.TABLES, *tables]
        for table in wanted:
            if present.get(table.name, 0) > table.version:
                raise DatabaseTooNew(f"the table {table.name} in the database was made by a later version of Hearth")
        for table in wanted:
            if table.name not in present:
                _create(engine, connection, table)
        for table in wanted:
            if table.name in present:
                _migrate(engine, connection, table, present[table.name])
        if bookkeeping.STREAM_POSITION.name not in present:
            connection.execute("INSERT INTO stream_position (only_row, position) VALUES (1, 1)", {})
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _present_versions(connection: Connection) -> dict[str, int]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_versions (name TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)", {}
    )
    rows, _ = connection.execute("SELECT name, version FROM schema_versions", {})
    return {row[0]: row[1] for row in rows}


def _create(engine: Engine, connection: Connection, table: Table) -> None:
    _run(engine, connection, table.sql)
    connection.execute(
        "INSERT INTO schema_versions (name, version) VALUES (:name, :version)",
        {"name": table.name, "version": table.version},
    )


def _migrate(engine: Engine, connection: Connection, table: Table, present: int) -> None:
    if present == table.version:
        return
    for version in range(present + 1, table.version + 1):
        _run(engine, connection, table.migrations[version])
    connection.execute(
        "UPDATE schema_versions SET version = :version WHERE name = :name",
        {"name": table.name, "version": table.version},
    )


def _run(engine: Engine, connection: Connection, sql: str) -> None:
    for statement in engine.ddl(sql):
        connection.execute(statement, {})
