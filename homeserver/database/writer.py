"""The one writer thread: takes every waiting body, runs each in a savepoint, commits once.

https://www.postgresql.org/docs/15/sql-savepoint.html
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

from homeserver.database import bookkeeping
from homeserver.database.engine import Connection, Engine
from homeserver.database.feed import Change, ChangeFeed
from homeserver.database.seen import SeenChanges
from homeserver.database.transaction import Transaction

logger = logging.getLogger(__name__)

_MOST_IN_BATCH = 200
_MOST_TRIES = 5


class Job:
    """A body that waits to be run."""

    __slots__ = ("arguments", "body", "deferred", "error", "locks", "result", "tx")

    def __init__(self, body: Callable[..., Any], arguments: tuple[Any, ...], locks: Sequence[str]) -> None:
        self.body = body
        self.arguments = arguments
        self.locks = locks
        self.deferred: Deferred[Any] = Deferred()
        self.result: Any = None
        self.error: Failure | None = None
        self.tx: Transaction | None = None


class Writer:
    """Runs write transactions in order."""

    def __init__(
        self, engine: Engine, feed: ChangeFeed, reactor: IReactorFromThreads, seen: SeenChanges
    ) -> None:
        self._engine = engine
        self._seen = seen
        self._feed = feed
        self._reactor = reactor
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
        self._position: int | None = None
        self._batch_position: int | None = None
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self.batches = 0
        self.bodies = 0
        self.busy_s = 0.0

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a body."""
        self._queue.put(job)

    def stop(self) -> None:
        """Finish what waits, then end. Blocks."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def next_position(self) -> int:
        """The next position. The row is locked by the first of a batch to ask, and held to the commit."""
        if self._batch_position is None:
            self._batch_position = self._first_position()
        else:
            self._batch_position += 1
        return self._batch_position

    def _first_position(self) -> int:
        connection = self._connected()
        if not self._engine.is_shared and self._position is not None:
            return self._position + 1
        return bookkeeping.lock_position(connection) + 1

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect(is_writer=True)
        return self._connection

    def _run(self) -> None:
        is_ending = False
        while not is_ending:
            job = self._queue.get()
            batch: list[Job] = []
            while True:
                if job is None:
                    is_ending = True
                    break
                batch.append(job)
                if len(batch) >= _MOST_IN_BATCH or self._queue.empty():
                    break
                job = self._queue.get()
            if batch:
                began_s = time.perf_counter()
                self._work(batch)
                self.busy_s += time.perf_counter() - began_s
                self.batches += 1
                self.bodies += len(batch)
        if self._connection is not None:
            self._connection.close()

    def _work(self, batch: list[Job]) -> None:
        """Run a batch; where it cannot be committed as one, its bodies one by one."""
        try:
            changes = self._attempt(batch)
        except Exception as error:
            if len(batch) > 1:
                for job in batch:
                    self._work_alone(job)
            else:
                self._retry_alone(batch[0], error)
            return
        self._finish(batch, changes)

    def _work_alone(self, job: Job) -> None:
        try:
            changes = self._attempt([job])
        except Exception as error:
            self._retry_alone(job, error)
            return
        self._finish([job], changes)

    def _retry_alone(self, job: Job, error: Exception) -> None:
        for attempt in range(_MOST_TRIES):
            if self._connection is not None and not self._connection.is_retryable(error):
                break
            time.sleep(0.01 * 2**attempt)
            try:
                changes = self._attempt([job])
            except Exception as again:
                error = again
                continue
            self._finish([job], changes)
            return
        job.error = Failure(error)  # type: ignore[no-untyped-call]
        self._finish([job], [])

    def _attempt(self, batch: list[Job]) -> list[Change]:
        """Run and commit; the changes published. Raises where nothing was committed."""
        connection = self._connected()
        self._batch_position = None
        for job in batch:
            job.error = None
        try:
            connection.begin(is_writer=True)
            connection.lock([name for job in batch for name in job.locks])
            for job in batch:
                self._run_body(connection, job, is_alone=len(batch) == 1)
            if len(batch) == 1 and batch[0].error is not None:
                self._roll_back()
                return []
            changes = [change for job in batch if job.error is None and job.tx for change in job.tx.changes]
            bookkeeping.write_changes(connection, self._batch_position, changes)
            if self._engine.is_shared and self._batch_position is not None:
                bookkeeping.notify(connection, self._batch_position)
            connection.commit()
        except Exception:
            self._roll_back()
            raise
        if self._batch_position is not None:
            self._position = self._batch_position
            if self._engine.is_shared:
                return self._seen.catch_up(connection, self._batch_position)
        return changes

    def _roll_back(self) -> None:
        """Undo, the position included; a connection that cannot even do that is given up."""
        self._batch_position = None
        try:
            self._connected().rollback()
        except Exception:
            logger.exception("the writer's connection is lost; it is opened anew")
            self._connection = None

    def _run_body(self, connection: Connection, job: Job, *, is_alone: bool) -> None:
        job.tx = Transaction(self._engine, connection, self)
        before = self._batch_position
        if not is_alone:
            connection.execute("SAVEPOINT body", {})
        try:
            job.result = job.body(job.tx, *job.arguments)
        except Exception as error:
            if connection.is_retryable(error):
                raise
            job.error = Failure(error)  # type: ignore[no-untyped-call]
            if not is_alone:
                connection.execute("ROLLBACK TO SAVEPOINT body", {})
                # The position's row lock went with the savepoint if this body took it.
                self._batch_position = before
        if not is_alone:
            connection.execute("RELEASE SAVEPOINT body", {})

    def _finish(self, batch: list[Job], changes: list[Change]) -> None:
        self._reactor.callFromThread(self._announce, batch, changes, self._batch_position)

    def _announce(self, batch: list[Job], changes: list[Change], position: int | None) -> None:
        """On the reactor thread: changes first, then whoever waits."""
        if position is not None:
            self._feed.deliver(changes, position)
        for job in batch:
            if job.error is None and job.tx is not None:
                for callback in job.tx.callbacks:
                    callback()
        for job in batch:
            if job.error is not None:
                job.deferred.errback(job.error)
            else:
                job.deferred.callback(job.result)
