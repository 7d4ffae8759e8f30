"""The database's own tables: the position, the changes, the schema versions. The only SQL of this package."""

from __future__ import annotations

import time
from collections.abc import Sequence

from homeserver.database.engine import Connection, DatabaseTooNew, Engine
from homeserver.database.feed import Change
from homeserver.database.tables import Table

STREAM_POSITION = Table(
    name="stream_position",
    owner="database",
    sql="CREATE TABLE stream_position (only_row BIGINT PRIMARY KEY, position BIGINT NOT NULL);",
    bound="one row",
    reaper="never: one row",
)

CHANGES = Table(
    name="changes",
    owner="database",
    sql="""
    CREATE TABLE changes (
        position BIGINT NOT NULL,
        topic TEXT NOT NULL,
        key TEXT NOT NULL,
        written_ts BIGINT NOT NULL,
        PRIMARY KEY (position, topic, key)
    );
    """,
    bound="changes of the last hour",
    reaper="database.Database.reap: rows older than an hour",
)

TABLES = [STREAM_POSITION, CHANGES]

_KEPT_MS = 3_600_000


def lock_position(connection: Connection) -> int:
    """The position before this transaction, its row locked until the commit."""
    rows, _ = connection.execute(
        "UPDATE stream_position SET position = position WHERE only_row = 1 RETURNING position", {}
    )
    return int(rows[0][0])


def read_position(connection: Connection) -> int:
    """The committed position."""
    rows, _ = connection.execute("SELECT position FROM stream_position WHERE only_row = 1", {})
    return int(rows[0][0])


def write_changes(connection: Connection, position: int | None, changes: Sequence[Change]) -> None:
    """Advance the position and record the changes of a batch."""
    if position is None:
        return
    connection.execute("UPDATE stream_position SET position = :position WHERE only_row = 1", {"position": position})
    if changes:
        now_ms = int(time.time() * 1000)
        connection.execute_many(
            "INSERT INTO changes (position, topic, key, written_ts) VALUES (:position, :topic, :key, :ts)",
            [{"position": one.position, "topic": one.topic, "key": one.key, "ts": now_ms} for one in changes],
        )


def notify(connection: Connection, position: int) -> None:
    """Tell the other processes the position; they read what they have not seen."""
    connection.execute("SELECT pg_notify('hearth_position', :position)", {"position": str(position)})


def changes_after(connection: Connection, position: int) -> list[Change]:
    """The changes after a position, in order."""
    rows, _ = connection.execute(
        "SELECT position, topic, key FROM changes WHERE position > :position ORDER BY position",
        {"position": position},
    )
    return [Change(*row) for row in rows]


def trim_changes(connection: Connection) -> None:
    """Forget old changes."""
    connection.execute(
        "DELETE FROM changes WHERE written_ts < :before", {"before": int(time.time() * 1000) - _KEPT_MS}
    )


def create_tables(engine: Engine, connection: Connection, tables: Sequence[Table]) -> None:
    """Create what is missing, all in one transaction; raises `DatabaseTooNew` where a table is newer than this code."""
    connection.begin(is_writer=True)
    try:
        connection.lock(["schema"])
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_versions (name TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)", {}
        )
        rows, _ = connection.execute("SELECT name, version FROM schema_versions", {})
        present: dict[str, int] = {row[0]: row[1] for row in rows}
        for table in [*TABLES, *tables]:
            if present.get(table.name, 0) > table.version:
                raise DatabaseTooNew(f"the table {table.name} was made by a later version of Hearth")
            if table.name not in present:
                _create(engine, connection, table)
        if STREAM_POSITION.name not in present:
            connection.execute("INSERT INTO stream_position (only_row, position) VALUES (1, 1)", {})
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _create(engine: Engine, connection: Connection, table: Table) -> None:
    for statement in engine.ddl(table.sql):
        connection.execute(statement, {})
    connection.execute(
        "INSERT INTO schema_versions (name, version) VALUES (:name, :version)",
        {"name": table.name, "version": table.version},
    )
