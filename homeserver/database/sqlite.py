"""SQLite: one file, one process, one writer."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from homeserver.database.engine import Connection, Row

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 4000",
)


class SqliteConnection:
    """A connection to the file."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in _PRAGMAS:
            self._connection.execute(pragma)

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> tuple[list[Row], int]:
        """(rows, number of rows changed)."""
        cursor = self._connection.execute(sql, parameters)
        return cursor.fetchall() if cursor.description is not None else [], cursor.rowcount

    def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each row of parameters."""
        self._connection.executemany(sql, rows)

    def begin(self, *, is_writer: bool) -> None:
        """Begin; a writer takes the file's lock at once, so that it never has to upgrade."""
        self._connection.execute("BEGIN IMMEDIATE" if is_writer else "BEGIN")

    def commit(self) -> None:
        """Make it durable."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo it all."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def lock(self, names: Sequence[str]) -> None:
        """The one writer is the lock."""

    def is_retryable(self, error: Exception) -> bool:
        """A busy file is."""
        return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)

    def close(self) -> None:
        """Close it."""
        self._connection.close()


class SqliteEngine:
    """SQLite. The path `:memory:` is a temporary file that goes with the process."""

    name = "sqlite"
    is_shared = False
    reads_inline = True

    def __init__(self, path: str) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if path == ":memory:":
            self._folder = tempfile.TemporaryDirectory(prefix="hearth-")
            path = str(Path(self._folder.name) / "homeserver.db")
        self._path = path
        self._next: dict[str, int] = {}

    def connect(self, *, is_writer: bool) -> SqliteConnection:
        """A new connection."""
        return SqliteConnection(self._path)

    def ddl(self, sql: str) -> list[str]:
        """SQLite's words for the column types."""
        translated = sql.replace("SERIAL8 PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT").replace("BYTEA", "BLOB")
        return [statement for statement in translated.split(";") if statement.strip()]

    def allocate(self, connection: Connection, table: str, column: str) -> int:
        """Counted in memory, since this process alone writes."""
        key = f"{table}.{column}"
        number = self._next.get(key)
        if number is None:
            rows, _ = connection.execute(f"SELECT MAX({column}) FROM {table}", {})  # noqa: S608
            number = int(rows[0][0] or 0) + 1
        self._next[key] = number + 1
        return number
