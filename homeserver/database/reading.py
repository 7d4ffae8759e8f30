"""Running bodies that only read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from homeserver.database.connecting import connect_patiently
from homeserver.database.engine import Connection, Engine
from homeserver.database.transaction import Transaction

T = TypeVar("T")


class Reader:
    """One connection for reads, opened when it is first needed and again when it was lost. For one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def run(self, body: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        """What the body returns, over one snapshot. A body whose connection is lost is run once more."""
        connection = self._connected()
        try:
            return self._run(connection, body, arguments)
        except Exception as error:
            if connection.is_lost(error):
                self.close()
            elif not connection.is_retryable(error):
                raise
        return self._run(self._connected(), body, arguments)

    def open(self) -> None:
        """Open the connection before it is needed."""
        self._connected()

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()

    def _run(self, connection: Connection, body: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        connection.begin(is_writer=False)
        try:
            return body(Transaction(self._engine, connection), *arguments)
        finally:
            connection.rollback()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = connect_patiently(self._engine, is_writer=False)
        return self._connection


class Readers:
    """Readers for the threads that ask: the one that was used last is used next."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._free: list[Reader] = []

    def open(self, number: int) -> None:
        """Open so many connections ahead."""
        for _ in range(number):
            reader = Reader(self._engine)
            reader.open()
            self._free.append(reader)

    def run(self, body: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        """See `Reader.run`."""
        try:
            reader = self._free.pop()  # which is atomic
        except IndexError:
            reader = Reader(self._engine)
        try:
            return reader.run(body, arguments)
        finally:
            self._free.append(reader)

    def close(self) -> None:
        """Close all connections. No thread runs a body any more."""
        for reader in self._free:
            reader.close()
