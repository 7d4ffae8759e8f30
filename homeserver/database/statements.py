"""Statements to PostgreSQL past the driver's cursor, which takes four times as long for each.

Parameters go as text, with the types that Python's say, so that a statement is prepared once whatever its numbers are;
the driver reads the answers. https://www.postgresql.org/docs/15/libpq-exec.html
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, cast

from psycopg import Connection, errors
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from homeserver.database.engine import Row

PREPARED_AFTER = 3
MOST_PREPARED = 300
_MOST_COUNTED = 2_000

_UNKNOWN, _BOOL, _BYTEA, _INT8, _FLOAT8, _TEXTS, _INT8S = 0, 16, 17, 20, 701, 1009, 1016
_TEXT, _BINARY = 0, 1

_Key = tuple[str, tuple[int, ...]]
_Dumped = tuple[bytes | None, int, int]


class Statements:
    """The statements of one connection, which is used by one thread at a time."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._transformer = Transformer(connection)
        self._prepared: OrderedDict[_Key, bytes] = OrderedDict()
        self._uses: OrderedDict[_Key, int] = OrderedDict()
        self._numbers = count(1)

    def run(self, statement: str, values: Sequence[Any]) -> tuple[list[Row], int]:
        """(rows, number of rows changed or found) of a statement with `$1` and so on. `psycopg.Error` where it fails,
        TypeError for a value that is of no type a parameter may have."""
        dumped = [_dump(value) for value in values]
        data = [one[0] for one in dumped]
        formats = [one[2] for one in dumped]
        key = (statement, tuple(one[1] for one in dumped))
        name = self._find_prepared(key)
        if name is not None:
            result = self._pgconn.exec_prepared(name, cast(Any, data), formats, _TEXT)  # None is NULL there, too.
        else:
            result = self._pgconn.exec_params(statement.encode(), data, key[1], formats, _TEXT)
        return self._read(result)

    def _find_prepared(self, key: _Key) -> bytes | None:
        name = self._prepared.get(key)
        if name is not None:
            self._prepared.move_to_end(key)
            return name
        uses = self._uses[key] = self._uses.get(key, 0) + 1
        if uses <= PREPARED_AFTER:
            if len(self._uses) > _MOST_COUNTED:
                self._uses.popitem(last=False)
            return None
        name = b"hearth_%d" % next(self._numbers)
        result = self._pgconn.prepare(name, key[0].encode(), key[1])
        if result.status != ExecStatus.COMMAND_OK:
            raise errors.error_from_result(result)
        del self._uses[key]
        self._prepared[key] = name
        if len(self._prepared) > MOST_PREPARED:
            self._pgconn.exec_(b"DEALLOCATE " + self._prepared.popitem(last=False)[1])
        return name

    def _read(self, result: PGresult) -> tuple[list[Row], int]:
        if result.status == ExecStatus.TUPLES_OK:
            self._transformer.set_pgresult(result)
            return self._transformer.load_rows(0, result.ntuples, tuple), result.ntuples
        if result.status == ExecStatus.COMMAND_OK:
            return [], result.command_tuples or 0
        raise errors.error_from_result(result)


def _dump(value: Any) -> _Dumped:
    if value is None:
        return None, _UNKNOWN, _TEXT
    kind = type(value)
    return _DUMPS[kind](value) if kind in _DUMPS else _dump_derived(value)


def _dump_text(value: str) -> _Dumped:
    # Of a text that holds the end of a text, the database would take what comes before it.
    if "\0" in value:
        raise errors.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return value.encode(), _UNKNOWN, _TEXT


def _dump_list(values: list[Any]) -> _Dumped:
    if all(isinstance(value, int) for value in values):
        return b"{%b}" % b",".join(b"%d" % value for value in values), _INT8S if values else _UNKNOWN, _TEXT
    if not all(isinstance(value, str) for value in values):
        raise TypeError("a list is of numbers or of texts")
    quoted = ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return _dump_text("{" + quoted + "}")[0], _TEXTS, _TEXT


def _dump_derived(value: Any) -> _Dumped:
    """What is a number or a text, and of a class of its own."""
    if isinstance(value, int):
        return _DUMPS[int](int(value))
    if isinstance(value, str):
        return _dump_text(str.__str__(value))
    raise TypeError(f"{type(value).__name__} is not what a parameter may be")


_DUMPS: dict[type, Callable[[Any], _Dumped]] = {
    int: lambda value: (b"%d" % value, _INT8, _TEXT),
    str: _dump_text,
    bytes: lambda value: (value, _BYTEA, _BINARY),
    bool: lambda value: (b"t" if value else b"f", _BOOL, _TEXT),
    float: lambda value: (repr(value).encode(), _FLOAT8, _TEXT),
    bytearray: lambda value: (bytes(value), _BYTEA, _BINARY),
    memoryview: lambda value: (bytes(value), _BYTEA, _BINARY),
    list: _dump_list,
}
