"""The database, as the rest of the server sees it: write transactions, reads, and the feed of changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from twisted.python.failure import Failure

from homeserver.database import bookkeeping
from homeserver.database.engine import DatabaseClosed, Engine
from homeserver.database.feed import Change, ChangeFeed
from homeserver.database.listener import VOLATILE_CHANNEL, Listener
from homeserver.database.postgresql import PostgresEngine
from homeserver.database.reading import Reader, Readers
from homeserver.database.schema import prepare_tables
from homeserver.database.seen import SeenChanges
from homeserver.database.tables import Table
from homeserver.database.transaction import TakesLonger, Transaction
from homeserver.database.writer import Job, Writer

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: More than were given out between a backup and its use; positions go far beyond what is left of them.
_SKIPPED_POSITIONS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """How many connections that read are opened at the start, and how many there are at most."""

    least: int = 0
    most: int = 4


class Database:
    """Runs transaction bodies: ordinary functions whose first parameter is the `Transaction`."""

    def __init__(self, engine: Engine, reactor: Any, limits: ReaderLimits = ReaderLimits()) -> None:
        self._engine = engine
        self._reactor = reactor
        self.feed = ChangeFeed()
        self._seen = SeenChanges()
        self.writer = Writer(engine, self.feed, reactor, self._seen)
        self._listener: Listener | None = None
        self._limits = limits
        self._readers = Readers(engine, reactor, limits.most)
        self._inline = Reader(engine)
        self._is_closed = False

    def start(self, tables: Sequence[Table]) -> None:
        """Create and migrate tables, and begin to work. Blocks. Raises `DatabaseTooNew`."""
        connection = self._engine.connect(is_writer=True)
        try:
            prepare_tables(self._engine, connection, tables)
            self.feed.position = bookkeeping.read_position(connection)
        finally:
            connection.close()
        self._seen.begin_at(self.feed.position)
        if isinstance(self._engine, PostgresEngine):
            self._listener = Listener(self._engine, self.feed, self._seen, self._reactor)
            self._listener.start()
        self._readers.open(self._limits.least)
        self.writer.start()

    def close(self) -> None:
        """Finish what waits and close all connections. Blocks. What is asked later raises `DatabaseClosed`."""
        if self._is_closed:
            return
        self._is_closed = True
        self.writer.stop()
        if self._listener is not None:
            self._listener.stop()
        self._readers.close()
        self._inline.close()
        self._engine.close()

    async def transact(self, body: Callable[..., T], *arguments: Any, locks: Sequence[str] = ()) -> T:
        """Run a body that writes; its result once it is on disk.

        `locks`: names of what has to be ordered (`room:12`). The body runs in one thread; it may be run again where
        its batch could not be committed, so it must have no effect but through the transaction. An error of a statement
        ends the body: it must not be caught there. Raises what the body raises, and `OutcomeUnknown` where the
        connection was lost while committing.
        """
        job = Job(body, arguments, locks)
        self.writer.put(job)
        result: T = await job.deferred
        return result

    async def read(self, body: Callable[..., T], *arguments: Any) -> T:
        """Run a body that only reads, in a thread, over one snapshot. It may be run again after a lost connection."""
        if self._is_closed:
            raise DatabaseClosed
        return await self._readers.run(body, arguments)

    async def browse(self, body: Callable[..., T], *arguments: Any) -> T:
        """Run a body that reads what is mostly in memory: on SQLite at once, unless it finds that much of it is not
        (`Transaction.expect`); then, and on PostgreSQL, from its beginning in a thread."""
        if self._engine.reads_inline and not self._is_closed:
            with suppress(TakesLonger):
                return self._inline.run(body, arguments, is_brief=True)
        return await self.read(body, *arguments)

    async def glance(self, body: Callable[..., T], *arguments: Any) -> T:
        """Run a body of a few point reads: at once on SQLite, in a thread on PostgreSQL."""
        if not self._engine.reads_inline:
            return await self.read(body, *arguments)
        if self._is_closed:
            raise DatabaseClosed
        return self._inline.run(body, arguments)

    async def changes_after(self, position: int) -> list[Change]:
        """The changes after a position, in order; those of the last hour are kept."""
        return await self.read(_changes_after, position)

    async def skip_positions(self) -> None:
        """After a restore from a backup: the next position is beyond all that were told since. No server may run."""
        await self.transact(_skip_positions)

    async def reap(self) -> None:
        """Forget old changes."""
        await self.transact(_trim)

    def announce(self, topic: str, key: str, value: dict[str, Any]) -> None:
        """Tell every process something that is never stored. On the reactor thread."""
        self.feed.announce(topic, key, value)
        if self._listener is not None:
            payload = self._listener.payload(topic, key, value)
            if payload is not None:
                job = Job(_notify, (payload,), ())
                job.deferred.addErrback(_log_unsent, topic)
                self.writer.put(job)


def _changes_after(tx: Transaction, position: int) -> list[Change]:
    return bookkeeping.changes_after(tx.connection, position)


def _skip_positions(tx: Transaction) -> None:
    bookkeeping.skip_positions(tx.connection, _SKIPPED_POSITIONS)


def _trim(tx: Transaction) -> None:
    bookkeeping.trim_changes(tx.connection)


def _notify(tx: Transaction, payload: str) -> None:
    bookkeeping.notify(tx.connection, VOLATILE_CHANNEL, payload)


def _log_unsent(failure: Failure, topic: str) -> None:
    logger.warning("other processes did not hear of a change of %s: %s", topic, failure.value)
