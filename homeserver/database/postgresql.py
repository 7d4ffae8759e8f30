"""PostgreSQL: many processes, one database."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ExecStatus

from homeserver.database.engine import Connection, Row
from homeserver.database.statements import MOST_PREPARED, PREPARED_AFTER, Statements

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_BLOCK = 50
#: A host that is gone is noticed within a minute, not within TCP's hours. The operator's own settings come first.
_PARAMETERS: dict[str, Any] = {
    "application_name": "hearth",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


@lru_cache(maxsize=4096)
def translated(sql: str) -> tuple[str, tuple[str, ...]]:
    """`:name` parameters as `$1`, and the names in that order; casts (`::type`) and string literals are left alone."""
    names: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return names.setdefault(found[1], f"${len(names) + 1}")

    pieces = sql.split("'")
    pieces[::2] = [_PARAMETER.sub(numbered, piece) for piece in pieces[::2]]
    return "'".join(pieces), tuple(names)


class PostgresConnection:
    """A connection. Statements are prepared after a few uses.

    All but what is run for many rows goes past the driver's cursor, which would forget all prepared statements at a
    ROLLBACK.
    """

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=PREPARED_AFTER)
        self._connection.prepared_max = MOST_PREPARED
        self._cursor = psycopg.RawCursor(self._connection)
        self._statements = Statements(self._connection)

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> tuple[list[Row], int]:
        """(rows, number of rows changed)."""
        statement, names = translated(sql)
        return self._statements.run(statement, [parameters[name] for name in names])

    def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each row of parameters."""
        if len(rows) == 1:
            self.execute(sql, rows[0])
        elif rows:
            statement, names = translated(sql)
            self._cursor.executemany(statement, [[row[name] for name in names] for row in rows])

    def command(self, sql: str) -> None:
        """Run what has neither parameters nor rows."""
        self._command(sql)

    def begin(self, *, is_writer: bool) -> None:
        """READ COMMITTED for a writer, whose locks order it; one snapshot for a reader."""
        self._command(
            "BEGIN ISOLATION LEVEL READ COMMITTED" if is_writer else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        )

    def commit(self) -> None:
        """Make it durable. After a failed statement COMMIT is a ROLLBACK, which PostgreSQL does not call an error."""
        if self._command("COMMIT") != "COMMIT":
            raise errors.InFailedSqlTransaction("a statement failed in this transaction, and its error was swallowed")

    def rollback(self) -> None:
        """Undo it all."""
        self._command("ROLLBACK")

    def lock(self, names: Sequence[str]) -> None:
        """Advisory locks, which end with the transaction. `unnest` keeps the order of the list."""
        if names:
            self.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(:names::text[]) AS name",
                {"names": sorted(set(names))},
            )

    def is_retryable(self, error: Exception) -> bool:
        """Deadlocks and serialisation failures are."""
        return isinstance(error, errors.DeadlockDetected | errors.SerializationFailure)

    def is_lost(self, error: Exception) -> bool:
        """Closed, or about to be: class 08 is the connection's end, 57P the server's."""
        if isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08").startswith(("08", "57P")):
            return True
        return self._connection.closed

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def listen(self, *channels: str) -> None:
        """Have `notifications` from now on."""
        self._heard: list[tuple[str, str]] = []
        self._connection.add_notify_handler(lambda one: self._heard.append((one.channel, one.payload)))
        for channel in channels:
            self._command(f"LISTEN {channel}")

    def notifications(self) -> list[tuple[str, str]]:
        """(channel, payload) of all that arrived; does not wait. Raises where the connection is lost."""
        pgconn = self._connection.pgconn
        pgconn.consume_input()
        while (one := pgconn.notifies()) is not None:
            self._heard.append((one.relname.decode(), one.extra.decode()))
        heard, self._heard[:] = self._heard[:], []
        return heard

    def fileno(self) -> int:
        """The socket, to wait for notifications at."""
        return self._connection.fileno()

    def _command(self, sql: str) -> str:
        """The command's tag."""
        result = self._connection.pgconn.exec_(sql.encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise errors.error_from_result(result)
        return (result.command_status or b"").decode()


class PostgresEngine:
    """PostgreSQL 15 and later."""

    name = "postgresql"
    is_shared = True
    reads_inline = False
    most_in_list = 10_000

    def __init__(self, dsn: str) -> None:
        self._dsn = make_conninfo(**{**_PARAMETERS, **conninfo_to_dict(dsn)})
        self._blocks: dict[str, list[int]] = {}
        self._lock = Lock()

    def connect(self, *, is_writer: bool) -> PostgresConnection:
        """A new connection."""
        return PostgresConnection(self._dsn)

    def ddl(self, sql: str) -> list[str]:
        """PostgreSQL's words for the column types."""
        serial = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
        statements = sql.replace("SERIAL8 PRIMARY KEY", serial).split(";")
        return [statement for statement in statements if statement.strip()]

    def allocate(self, connection: Connection, table: str, column: str) -> int:
        """From blocks of the column's sequence, which no rollback gives back."""
        key = f"{table}.{column}"
        with self._lock:
            block = self._blocks.get(key)
            if not block:
                rows, _ = connection.execute(
                    "SELECT nextval(pg_get_serial_sequence(:table, :column)) FROM generate_series(1, :count)",
                    {"table": table, "column": column, "count": _BLOCK},
                )
                block = self._blocks[key] = sorted((int(row[0]) for row in rows), reverse=True)
            return block.pop()

    def in_list(self, name: str, values: list[Any]) -> tuple[str, dict[str, Any]]:
        """One array, so that there is one statement for every length."""
        return f"= ANY(:{name})", {name: values}

    def close(self) -> None:
        """Nothing ends with the process."""
