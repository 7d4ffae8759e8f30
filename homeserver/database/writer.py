"""The one writer thread: takes every waiting body, runs each in a savepoint, commits once.

https://www.postgresql.org/docs/15/sql-savepoint.html
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

from homeserver.database import bookkeeping
from homeserver.database.connecting import connect_patiently
from homeserver.database.engine import Connection, DatabaseClosed, Engine, OutcomeUnknown
from homeserver.database.feed import Change, ChangeFeed
from homeserver.database.listener import POSITION_CHANNEL
from homeserver.database.seen import Published, SeenChanges
from homeserver.database.transaction import Transaction

logger = logging.getLogger(__name__)

#: PostgreSQL keeps up to 64 savepoints of a transaction in shared memory; more would slow all others down.
_MOST_IN_BATCH = 60
_MOST_TRIES = 6


class Job:
    """A body that waits to be run."""

    __slots__ = ("arguments", "body", "deferred", "error", "locks", "result", "tx")

    def __init__(self, body: Callable[..., Any], arguments: tuple[Any, ...], locks: Sequence[str]) -> None:
        self.body = body
        self.arguments = arguments
        self.locks = locks
        self.deferred: Deferred[Any] = Deferred()
        self.result: Any = None
        self.error: Exception | None = None
        self.tx: Transaction | None = None


class Writer:
    """Runs write transactions in order."""

    def __init__(self, engine: Engine, feed: ChangeFeed, reactor: IReactorFromThreads, seen: SeenChanges) -> None:
        self._engine = engine
        self._seen = seen
        self._feed = feed
        self._reactor = reactor
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._has_ended = False
        self._connection: Connection | None = None
        self._first: int | None = None
        self._last: int | None = None
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self.batches = 0
        self.bodies = 0
        self.busy_s = 0.0

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a body. After the end it fails with `DatabaseClosed`."""
        self._queue.put(job)
        if self._has_ended:
            self._refuse()

    def stop(self) -> None:
        """Finish what waits, then end. Blocks."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()
        else:
            self._has_ended = True

    def next_position(self) -> int:
        """The next position. The row is locked by the first of a batch to ask, and held to the commit."""
        if self._last is None:
            self._first = self._last = self._first_position(self._connected())
        else:
            self._last += 1
        return self._last

    def _first_position(self, connection: Connection) -> int:
        if self._engine.is_shared:
            return bookkeeping.advance_position(connection)
        # The transaction holds the whole file, and SQLite takes 8 us longer for RETURNING.
        return bookkeeping.read_position(connection) + 1

    def _run(self) -> None:
        while self._run_batch():
            pass
        self._drop_connection()
        self._has_ended = True
        self._refuse()

    def _run_batch(self) -> bool:
        """Whether there is more to come."""
        batch, is_last = self._next_batch()
        if batch:
            self.batches += 1
            self.bodies += len(batch)
            began_s = time.perf_counter()
            self._work(batch)
            self.busy_s += time.perf_counter() - began_s
        return not is_last

    def _next_batch(self) -> tuple[list[Job], bool]:
        """Waits for a body; it and those that wait behind it, and whether that was the last batch."""
        batch: list[Job] = []
        while not batch or (len(batch) < _MOST_IN_BATCH and not self._queue.empty()):
            job = self._queue.get()
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False

    def _refuse(self) -> None:
        with suppress(queue.Empty):
            while True:
                job = self._queue.get_nowait()
                if job is not None:
                    self._fail([job], DatabaseClosed())

    def _work(self, batch: list[Job]) -> None:
        """Run a batch; where one of its bodies keeps it from being committed, run them one by one."""
        error = self._try(batch)
        if error is None:
            return
        if len(batch) > 1 and self._connection is not None and not self._connection.is_retryable(error):
            for job in batch:
                self._work([job])
        else:
            self._fail(batch, error)

    def _try(self, batch: list[Job]) -> Exception | None:
        """Run and commit, again where that may help. None, or why nothing was committed."""
        for attempt in range(1, _MOST_TRIES + 1):
            try:
                connection = self._connected()
            except Exception as error:
                return error
            try:
                published = self._attempt(connection, batch)
            except Exception as error:
                is_lost = self._give_up(connection, error)
                may_retry = is_lost or connection.is_retryable(error)
                if isinstance(error, OutcomeUnknown) or not may_retry or attempt == _MOST_TRIES:
                    return error
                time.sleep(0.005 * 2**attempt)
            else:
                self._hand_over(connection, batch, published)
                return None
        raise AssertionError("the last try returns")

    def _attempt(self, connection: Connection, batch: list[Job]) -> Published | None:
        """Run and commit; what was published. Raises where nothing was committed."""
        self._first = self._last = None
        connection.begin(is_writer=True)
        connection.lock([name for job in batch for name in job.locks])
        if len(batch) > 1:
            self._run_bodies(connection, batch)
        else:
            self._run_body(connection, batch[0])
            if batch[0].error is not None:
                connection.rollback()
                return None
        published = self._publish(connection, batch)
        try:
            connection.commit()
        except Exception as error:
            if connection.is_lost(error):
                raise OutcomeUnknown("the connection to the database was lost while committing") from error
            raise
        return published

    def _run_bodies(self, connection: Connection, batch: list[Job]) -> None:
        """Run all, each in a savepoint. What fails takes back its positions too, and the row's lock with them."""
        connection.command("SAVEPOINT body")
        for job in batch:
            before = self._last
            self._run_body(connection, job)
            if job.error is None:
                connection.command("RELEASE SAVEPOINT body; SAVEPOINT body")
            else:
                connection.command("ROLLBACK TO SAVEPOINT body")
                self._last = before

    def _run_body(self, connection: Connection, job: Job) -> None:
        job.error = None
        job.tx = Transaction(self._engine, connection, self)
        try:
            job.result = job.body(job.tx, *job.arguments)
        except Exception as error:
            if connection.is_lost(error) or connection.is_retryable(error):
                raise
            job.error = error

    def _publish(self, connection: Connection, batch: list[Job]) -> Published | None:
        if self._first is None or self._last is None:
            return None
        changes = [change for job in batch if job.error is None and job.tx for change in job.tx.changes]
        if self._last != self._first or not self._engine.is_shared:
            bookkeeping.set_position(connection, self._last)
        bookkeeping.write_changes(connection, changes)
        if self._engine.is_shared:
            bookkeeping.notify(connection, POSITION_CHANNEL, str(self._last))
        return Published(self._first, self._last, changes)

    def _give_up(self, connection: Connection, error: Exception) -> bool:
        """Undo a transaction; whether the connection was lost, and dropped."""
        if not connection.is_lost(error):
            try:
                connection.rollback()
                return False
            except Exception as another:
                error = another
        logger.warning("the writer's connection to the database was lost: %s", error)
        self._drop_connection()
        return True

    def _hand_over(self, connection: Connection, batch: list[Job], published: Published | None) -> None:
        """Have changes delivered and results given. Everything is committed, so that nothing may fail any more."""
        announce = partial(self._reactor.callFromThread, self._announce, batch)
        if published is not None:
            try:
                self._seen.take(connection, published, announce)
                return
            except Exception as error:
                # The listener, which has a connection of its own, comes upon the changes within a second.
                logger.warning("the writer's connection to the database was lost: %s", error)
                self._drop_connection()
        announce((), 0)

    def _fail(self, batch: list[Job], error: Exception) -> None:
        for job in batch:
            job.error = job.error or error
        self._reactor.callFromThread(self._announce, batch, (), 0)

    def _announce(self, batch: list[Job], changes: Sequence[Change], position: int) -> None:
        """On the reactor thread: changes first, then whoever waits."""
        self._feed.deliver(changes, position)
        for job in batch:
            if job.error is None and job.tx is not None:
                for callback in job.tx.callbacks:
                    _call(callback)
        for job in batch:
            if job.error is not None:
                # Its traceback knows the job: not to leave a circle for the garbage collector.
                error, job.error = job.error, None
                job.deferred.errback(Failure(error))  # type: ignore[no-untyped-call]
            else:
                job.deferred.callback(job.result)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = connect_patiently(self._engine, is_writer=True)
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()


def _call(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:
        logger.exception("a callback after a commit failed")
