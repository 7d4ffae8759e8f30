"""What differs between databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Row = tuple[Any, ...]


class DatabaseTooNew(Exception):
    """The database was written by a later version of this program."""


class DatabaseClosed(Exception):
    """The database was closed before this could be run; nothing of it happened."""


class OutcomeUnknown(Exception):
    """The connection was lost while committing: the transaction may have happened or not, and was not run again."""


class Connection(Protocol):
    """One connection, used by one thread at a time. SQL has `:name` parameters."""

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> tuple[list[Row], int]:
        """(rows, number of rows changed)."""

    def execute_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each row of parameters."""

    def command(self, sql: str) -> None:
        """Run what has neither parameters nor rows, such as savepoints; several with `;` between them."""

    def begin(self, *, is_writer: bool) -> None:
        """Begin a transaction: a writer's, or a read-only snapshot."""

    def commit(self) -> None:
        """Make it durable. Raises where that did not happen."""

    def rollback(self) -> None:
        """Undo it all."""

    def lock(self, names: Sequence[str]) -> None:
        """Take named locks until the end of the transaction, in sorted order."""

    def is_retryable(self, error: Exception) -> bool:
        """Whether the same transaction may succeed when run again."""

    def is_lost(self, error: Exception) -> bool:
        """Whether the connection ended, so that only a new one may succeed."""

    def close(self) -> None:
        """Close it."""


class Engine(Protocol):
    """A kind of database."""

    name: str
    is_shared: bool
    """Whether other processes may write too."""
    reads_inline: bool
    """Whether a point read is so quick that a hop to a thread costs more."""
    most_in_list: int
    """How many values one `in_list` may have."""

    def connect(self, *, is_writer: bool) -> Connection:
        """A new connection; one that is no writer's can only read."""

    def ddl(self, sql: str) -> list[str]:
        """The statements of a table's SQL in this database's words."""

    def allocate(self, connection: Connection, table: str, column: str) -> int:
        """The next number for a `SERIAL8 PRIMARY KEY`; never given twice, also not after a rollback."""

    def in_list(self, name: str, values: list[Any]) -> tuple[str, dict[str, Any]]:
        """The condition that stands for `IN :name` with these values, and its parameters."""

    def close(self) -> None:
        """Remove what lasts only as long as this process. The connections were closed before."""
