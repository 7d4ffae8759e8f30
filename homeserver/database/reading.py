"""Running bodies that only read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

from homeserver.database.connecting import connect_patiently
from homeserver.database.engine import Connection, Engine
from homeserver.database.transaction import Transaction

T = TypeVar("T")


class Reader:
    """One connection for reads, opened when it is first needed and again when it was lost. For one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def run(self, body: Callable[..., T], arguments: tuple[Any, ...], *, is_brief: bool = False) -> T:
        """What the body returns, over one snapshot. A body whose connection is lost is run once more. `is_brief`:
        raises `TakesLonger` where it says that it has much to read."""
        connection = self._connected()
        try:
            return self._run(connection, body, arguments, is_brief)
        except Exception as error:
            if connection.is_lost(error):
                self.close()
            elif not connection.is_retryable(error):
                raise
        return self._run(self._connected(), body, arguments, is_brief)

    def open(self) -> None:
        """Open the connection before it is needed."""
        self._connected()

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()

    def _run(self, connection: Connection, body: Callable[..., T], arguments: tuple[Any, ...], is_brief: bool) -> T:
        connection.begin(is_writer=False)
        try:
            return body(Transaction(self._engine, connection, is_brief=is_brief), *arguments)
        finally:
            connection.rollback()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = connect_patiently(self._engine, is_writer=False)
        return self._connection


class _Asked(NamedTuple):
    body: Callable[..., Any]
    arguments: tuple[Any, ...]
    deferred: Deferred[Any]


class Readers:
    """Threads that read, begun as they are needed, and their readers: the one that was used last is used next. Used on
    the reactor thread, but for `open` and `close`.

    A queue and no more: Twisted's thread pool takes longer to hand a task over than a small read takes.
    """

    def __init__(self, engine: Engine, reactor: IReactorFromThreads, most: int) -> None:
        self._engine = engine
        self._reactor = reactor
        self._most = most
        self._free: list[Reader] = []
        self._queue: SimpleQueue[_Asked | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._under_way = 0

    def open(self, number: int) -> None:
        """Open so many connections ahead."""
        for _ in range(number):
            reader = Reader(self._engine)
            reader.open()
            self._free.append(reader)

    def run(self, body: Callable[..., T], arguments: tuple[Any, ...]) -> Deferred[T]:
        """What the body returns; see `Reader.run`."""
        deferred: Deferred[T] = Deferred()
        self._under_way += 1
        if self._under_way > len(self._threads) < self._most:
            thread = Thread(target=self._work, name="database-reader", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._queue.put(_Asked(body, arguments, deferred))
        return deferred

    def close(self) -> None:
        """Finish what waits, end the threads and close all connections. Blocks."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        for reader in self._free:
            reader.close()

    def _work(self) -> None:
        while (asked := self._queue.get()) is not None:
            try:
                result: Any = self._read(asked)
            except BaseException:
                result = Failure()  # type: ignore[no-untyped-call]
            self._reactor.callFromThread(self._finish, asked.deferred, result)
            # What it holds is not to stay until somebody asks again.
            del asked, result

    def _read(self, asked: _Asked) -> Any:
        try:
            reader = self._free.pop()  # which is atomic
        except IndexError:
            reader = Reader(self._engine)
        try:
            return reader.run(asked.body, asked.arguments)
        finally:
            self._free.append(reader)

    def _finish(self, deferred: Deferred[Any], result: Any) -> None:
        self._under_way -= 1
        deferred.callback(result)
