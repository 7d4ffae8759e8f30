"""Running bodies that only read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from homeserver.database.connecting import connect_patiently
from homeserver.database.engine import Connection, Engine
from homeserver.database.transaction import Transaction

T = TypeVar("T")


class Reader:
    """One connection for reads, opened when it is first needed and again when it was lost. For one thread."""

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


class ThreadReaders:
    """A reader for each thread that asks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._local = threading.local()
        self._readers: list[Reader] = []

    def run(self, body: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        """See `Reader.run`."""
        reader: Reader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = Reader(self._engine)
            self._readers.append(reader)
        return reader.run(body, arguments)

    def close(self) -> None:
        """Close all connections. No thread runs a body any more."""
        for reader in self._readers:
            reader.close()
