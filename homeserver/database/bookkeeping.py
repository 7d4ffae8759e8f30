"""The database's own tables: the position, the changes, the schema versions. The only SQL of this package."""

from __future__ import annotations

import time
from collections.abc import Sequence

from homeserver.database.engine import Connection
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


def advance_position(connection: Connection) -> int:
    """The next position. The row stays locked until the commit, so positions are committed in their order."""
    rows, _ = connection.execute(
        "UPDATE stream_position SET position = position + 1 WHERE only_row = 1 RETURNING position", {}
    )
    return int(rows[0][0])


def set_position(connection: Connection, position: int) -> None:
    """The last position of a batch, by whoever advanced to its first."""
    connection.execute("UPDATE stream_position SET position = :position WHERE only_row = 1", {"position": position})


def skip_positions(connection: Connection, number: int) -> None:
    """Leave so many positions out."""
    connection.execute(
        "UPDATE stream_position SET position = position + :number WHERE only_row = 1", {"number": number}
    )


def read_position(connection: Connection) -> int:
    """The committed position."""
    rows, _ = connection.execute("SELECT position FROM stream_position WHERE only_row = 1", {})
    return int(rows[0][0])


def write_changes(connection: Connection, changes: Sequence[Change]) -> None:
    """Record the changes of a batch."""
    if changes:
        now_ms = int(time.time() * 1000)
        connection.execute_many(
            "INSERT INTO changes (position, topic, key, written_ts) VALUES (:position, :topic, :key, :ts)",
            [{"position": one.position, "topic": one.topic, "key": one.key, "ts": now_ms} for one in changes],
        )


def notify(connection: Connection, channel: str, payload: str) -> None:
    """Tell all who listen, once this is committed. PostgreSQL only."""
    connection.execute("SELECT pg_notify(:channel, :payload)", {"channel": channel, "payload": payload})


def changes_after(connection: Connection, position: int) -> list[Change]:
    """The changes after a position, in order."""
    rows, _ = connection.execute(
        "SELECT position, topic, key FROM changes WHERE position > :position ORDER BY position",
        {"position": position},
    )
    return [Change(*row) for row in rows]


def trim_changes(connection: Connection) -> None:
    """Forget old changes."""
    connection.execute("DELETE FROM changes WHERE written_ts < :before", {"before": int(time.time() * 1000) - _KEPT_MS})
