"""A transaction, as its body sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from homeserver.database.engine import Connection, Engine, Row
from homeserver.database.feed import Change

_LIST = re.compile(r"(?<!\bNOT )\bIN :([a-z_][a-z0-9_]*)")


class NotFoundRow(Exception):
    """A row that must be there is not."""


class TakesLonger(Exception):
    """A body that was to be brief would read more than is at hand."""


#: So many rows are read in no more time than a hop to a thread and back takes.
_BRIEF_ROWS = 8


class Positions(Protocol):
    """Where a writer's positions come from."""

    def next_position(self) -> int:
        """The position of a body that publishes."""


class Transaction:
    """Runs statements. In a read, `publish` is not to be called. `is_brief`: it is run where others wait."""

    __slots__ = ("_connection", "_engine", "_is_brief", "_position", "_positions", "callbacks", "changes")

    def __init__(
        self, engine: Engine, connection: Connection, positions: Positions | None = None, *, is_brief: bool = False
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._positions = positions
        self._is_brief = is_brief
        self._position: int | None = None
        self.changes: dict[Change, None] = {}
        self.callbacks: list[Callable[[], None]] = []

    def all(self, sql: str, **parameters: Any) -> list[Row]:
        """All rows."""
        return self._connection.execute(sql, parameters)[0]

    def find(self, sql: str, **parameters: Any) -> Row | None:
        """The first row, or None."""
        rows = self._connection.execute(sql, parameters)[0]
        return rows[0] if rows else None

    def one(self, sql: str, **parameters: Any) -> Row:
        """The first row; raises `NotFoundRow`."""
        rows = self._connection.execute(sql, parameters)[0]
        if not rows:
            raise NotFoundRow(sql)
        return rows[0]

    def value(self, sql: str, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self._connection.execute(sql, parameters)[0]
        return rows[0][0] if rows else None

    def insert(self, sql: str, **parameters: Any) -> Any:
        """The value of an `INSERT ... RETURNING`."""
        return self.one(sql, **parameters)[0]

    def run(self, sql: str, **parameters: Any) -> int:
        """The number of rows changed."""
        return self._connection.execute(sql, parameters)[1]

    def run_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each row of parameters; nothing for none."""
        if rows:
            self._connection.execute_many(sql, rows)

    def all_in(self, sql: str, **parameters: Any) -> list[Row]:
        """All rows of a SELECT that holds `IN :name` with a list for that name; none for an empty list.

        Long lists are asked for in pieces, so `ORDER BY`, `LIMIT` and aggregates apply to a piece, not to the whole.
        """
        name = _list_name(sql)
        values = list(dict.fromkeys(parameters.pop(name)))
        most = self._engine.most_in_list
        rows: list[Row] = []
        for start in range(0, len(values), most):
            condition, listed = self._engine.in_list(name, values[start : start + most])
            rows += self._connection.execute(_with_list(sql, condition), {**parameters, **listed})[0]
        return rows

    def expect(self, rows: int) -> None:
        """Said before many rows are read: raises `TakesLonger` where the body was to be brief."""
        if self._is_brief and rows > _BRIEF_ROWS:
            raise TakesLonger

    def allocate(self, table: str, column: str) -> int:
        """The next number for a `SERIAL8 PRIMARY KEY`; never given twice, also not after a rollback.

        A table gets all its numbers from here or all from the database, not some of each.
        """
        return self._engine.allocate(self._connection, table, column)

    @property
    def is_reading(self) -> bool:
        """Whether this only reads: then it sees nothing but what is committed."""
        return self._positions is None

    @property
    def connection(self) -> Connection:
        """The connection underneath, for this package alone."""
        return self._connection

    @property
    def position(self) -> int:
        """The position at which this body's changes are published; the server's position is advanced if need be."""
        if self._position is None:
            if self._positions is None:
                raise AssertionError("a read publishes nothing")
            self._position = self._positions.next_position()
        return self._position

    def publish(self, topic: str, key: str) -> int:
        """Record a change; the position of it."""
        position = self.position
        self.changes[Change(position, topic, key)] = None
        return position

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back on the reactor thread once this is durable."""
        self.callbacks.append(callback)


@lru_cache(maxsize=1024)
def _list_name(sql: str) -> str:
    match = _LIST.search(sql)
    if match is None:
        raise ValueError("all_in needs `IN :name`")
    return match[1]


@lru_cache(maxsize=4096)
def _with_list(sql: str, condition: str) -> str:
    """The statement with the condition in place of `IN :name`: the same object each time, whose hash is known."""
    return _LIST.sub(lambda _: condition, sql, count=1)
