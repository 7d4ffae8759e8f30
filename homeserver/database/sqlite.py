"""SQLite: one file, one process, one writer."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from homeserver.database.engine import Connection, Row

#: What is committed is on disk (`synchronous = FULL` syncs the log at each commit), and readers never wait.
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
)
_BUSY_S = 10.0
_WRITER_CACHE_KIB = 16_000
_READER_CACHE_KIB = 6_000


class SqliteConnection:
    """A connection to the file."""

    def __init__(self, path: str, *, is_writer: bool) -> None:
        self._connection = sqlite3.connect(
            path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in _PRAGMAS:
            self._connection.execute(pragma)
        cache_kib = _WRITER_CACHE_KIB if is_writer else _READER_CACHE_KIB
        self._connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        if is_writer:
            self._log_ahead()
        else:
            self._connection.execute("PRAGMA query_only = ON")

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> tuple[list[Row], int]:
        """(rows, number of rows changed)."""
        cursor = self._connection.execute(sql, parameters)
        return cursor.fetchall() if cursor.description is not None else [], cursor.rowcount

    def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each row of parameters."""
        self._connection.executemany(sql, rows)

    def command(self, sql: str) -> None:
        """Run what has neither parameters nor rows."""
        for statement in sql.split(";"):
            self._connection.execute(statement)

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

    def is_lost(self, error: Exception) -> bool:
        """A file is not."""
        return False

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def _log_ahead(self) -> None:
        """Go over to the write-ahead log. While another process does the same, SQLite does not wait but fails."""
        until_s = time.monotonic() + _BUSY_S
        while True:
            try:
                (mode,) = self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError as error:
                if not self.is_retryable(error) or time.monotonic() > until_s:
                    raise
                time.sleep(0.01)
        if mode != "wal":
            raise sqlite3.OperationalError("SQLite cannot keep a write-ahead log here; network file systems have none")


class SqliteEngine:
    """SQLite. The path `:memory:` is a temporary file that goes with the process.

    https://www.sqlite.org/wal.html https://www.sqlite.org/pragma.html#pragma_synchronous
    """

    name = "sqlite"
    is_shared = False
    reads_inline = True
    most_in_list = 500

    def __init__(self, path: str) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if path == ":memory:":
            self._folder = tempfile.TemporaryDirectory(prefix="hearth-")
            path = str(Path(self._folder.name) / "homeserver.db")
        self._path = path
        self._next: dict[str, int] = {}

    def connect(self, *, is_writer: bool) -> SqliteConnection:
        """A new connection. The file is made readable for its owner only: there are secrets in it."""
        if is_writer:
            Path(self._path).touch(mode=0o600)
        connection = SqliteConnection(self._path, is_writer=is_writer)
        if self._folder is not None:
            # Nobody will open the file again, so nothing has to reach the disk.
            connection.command("PRAGMA synchronous = OFF")
        return connection

    def ddl(self, sql: str) -> list[str]:
        """SQLite's words for the column types."""
        translated = sql.replace("SERIAL8 PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT").replace("BYTEA", "BLOB")
        return [statement for statement in translated.split(";") if statement.strip()]

    def allocate(self, connection: Connection, table: str, column: str) -> int:
        """Counted in memory, since this process alone writes; from the largest that the table ever had."""
        key = f"{table}.{column}"
        number = self._next.get(key)
        if number is None:
            rows, _ = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = :table", {"table": table})
            number = int(rows[0][0]) + 1 if rows else 1
        self._next[key] = number + 1
        return number

    def in_list(self, name: str, values: list[Any]) -> tuple[str, dict[str, Any]]:
        """A parameter for each value. The list is padded to few sizes, so that few statements have to be prepared."""
        size = _list_size(len(values))
        condition, names = _named_list(name, size)
        return condition, dict(zip(names, values + [values[-1]] * (size - len(values)), strict=True))

    def close(self) -> None:
        """Remove the temporary file."""
        if self._folder is not None:
            self._folder.cleanup()


@lru_cache(maxsize=1024)
def _named_list(name: str, size: int) -> tuple[str, tuple[str, ...]]:
    """The condition for a list of some size, and the names of its parameters."""
    names = tuple(f"{name}_{index}" for index in range(size))
    return f"IN ({', '.join(f':{each}' for each in names)})", names


def _list_size(count: int) -> int:
    size = 1
    while size < count:
        size *= 2
    return min(size, SqliteEngine.most_in_list)
