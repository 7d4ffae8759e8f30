"""The database, as the rest of the server sees it: write transactions, reads, and the feed of changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from homeserver.database import bookkeeping
from homeserver.database.engine import Connection, Engine
from homeserver.database.feed import ChangeFeed
from homeserver.database.listener import Listener
from homeserver.database.postgresql import PostgresEngine
from homeserver.database.seen import SeenChanges
from homeserver.database.tables import Table
from homeserver.database.transaction import Transaction
from homeserver.database.writer import Job, Writer

T = TypeVar("T")

_READERS = 4


class Database:
    """Runs transaction bodies: ordinary functions whose first parameter is the `Transaction`."""

    def __init__(self, engine: Engine, reactor: Any) -> None:
        self._engine = engine
        self._reactor = reactor
        self.feed = ChangeFeed()
        self._seen = SeenChanges()
        self.writer = Writer(engine, self.feed, reactor, self._seen)
        self._listener: Listener | None = None
        self._pool = ThreadPool(0, _READERS, name="database-readers")
        self._local = threading.local()
        self._inline: Connection | None = None
        self._opened: list[Connection] = []

    def start(self, tables: Sequence[Table]) -> None:
        """Create missing tables, and begin to work. Blocks. Raises `DatabaseTooNew`."""
        connection = self._engine.connect(is_writer=True)
        try:
            bookkeeping.create_tables(self._engine, connection, tables)
            self.feed.position = bookkeeping.read_position(connection)
        finally:
            connection.close()
        self._seen.begin_at(self.feed.position)
        self.writer.start()
        self._pool.start()
        if isinstance(self._engine, PostgresEngine):
            self._listener = Listener(self._engine, self.feed, self._seen, self._reactor)
            self._listener.start()

    def close(self) -> None:
        """Finish what waits and close all connections. Blocks."""
        self.writer.stop()
        if self._listener is not None:
            self._listener.stop()
        self._pool.stop()
        for connection in self._opened:
            connection.close()

    async def transact(self, body: Callable[..., T], *arguments: Any, locks: Sequence[str] = ()) -> T:
        """Run a body that writes; its result once it is on disk.

        `locks`: names of what has to be ordered (`room:12`). The body runs in one thread; it may be run again where
        its batch could not be committed, so it must have no effect but through the transaction.
        """
        job = Job(body, arguments, locks)
        self.writer.put(job)
        result: T = await job.deferred
        return result

    async def read(self, body: Callable[..., T], *arguments: Any) -> T:
        """Run a body that only reads, in a thread, over one snapshot."""
        result: T = await deferToThreadPool(self._reactor, self._pool, self._read_in_thread, body, arguments)
        return result

    async def glance(self, body: Callable[..., T], *arguments: Any) -> T:
        """Run a body of a few point reads: at once on SQLite, in a thread on PostgreSQL."""
        if not self._engine.reads_inline:
            return await self.read(body, *arguments)
        if self._inline is None:
            self._inline = self._connect()
        return self._read_on(self._inline, body, arguments)

    async def reap(self) -> None:
        """Forget old changes."""
        await self.transact(_trim)

    def announce(self, topic: str, key: str, value: dict[str, Any]) -> None:
        """Tell every process something that is never stored. On the reactor thread."""
        self.feed.announce(topic, key, value)
        if self._listener is not None:
            payload = self._listener.payload(topic, key, value)
            if payload is not None:
                self.writer.put(Job(_notify, (payload,), ()))

    def _read_in_thread(self, body: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        try:
            return self._read_on(connection, body, arguments)
        except Exception as error:
            if connection.is_retryable(error):
                return self._read_on(connection, body, arguments)
            raise

    def _read_on(self, connection: Connection, body: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        connection.begin(is_writer=False)
        try:
            return body(Transaction(self._engine, connection), *arguments)
        finally:
            connection.rollback()

    def _connect(self) -> Connection:
        connection = self._engine.connect(is_writer=False)
        self._opened.append(connection)
        return connection


def _trim(tx: Transaction) -> None:
    bookkeeping.trim_changes(tx.connection)


def _notify(tx: Transaction, payload: str) -> None:
    tx.run("SELECT pg_notify('hearth_volatile', :payload)", payload=payload)
