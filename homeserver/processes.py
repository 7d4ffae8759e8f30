"""Worker processes: what reads bytes that strangers made (images, web pages) runs there, with little to lose.

A task has bounds of memory and time. One that breaks them, or its process, costs the request that asked for it and no
other: each process has one task at a time, and is started anew when it died.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, NoReturn, TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore

T = TypeVar("T")

_WORKERS = 2
_TASKS_OF_A_WORKER = 50
_MEMORY_BYTES = 1536 * 1024 * 1024
#: A task is told to end after so long; one that does not listen, inside a library, ends with its process.
TIME_LIMIT_S = 20
_CPU_LIMIT_S = 30
_LOOK_EVERY_S = 2.0


class WorkerProcesses:
    """Runs plain functions of modules in processes of their own, which start when the first is asked for."""

    def __init__(self, reactor: Any, workers: int = _WORKERS) -> None:
        self._reactor = reactor
        self._free = DeferredSemaphore(workers)
        self._idle: list[ProcessPoolExecutor | None] = [None] * workers
        self._is_closed = False

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """What the function returns or raises; `TimeoutError`, `MemoryError` and `BrokenProcessPool` (the process
        died) among that."""
        await self._free.acquire()
        worker = self._idle.pop()
        try:
            if worker is None:
                worker = _new_worker()
            result: T = await self._result(worker.submit(run_limited, function, arguments))
            return result
        except BrokenProcessPool:
            if worker is not None:
                worker.shutdown(wait=False, cancel_futures=True)
                worker = None
            raise
        finally:
            self._idle.append(worker)
            self._free.release()
            if self._is_closed:
                self.close()

    def close(self) -> None:
        """End the processes; those at work, when their task is done."""
        self._is_closed = True
        for position, worker in enumerate(self._idle):
            if worker is not None:
                worker.shutdown(wait=False, cancel_futures=True)
                self._idle[position] = None

    def _result(self, future: Future[T]) -> Deferred[T]:
        waiting: Deferred[T] = Deferred()

        def done(ended: Future[T]) -> None:
            self._reactor.callFromThread(_hand_over, ended, waiting)

        future.add_done_callback(done)
        return waiting


def begin_worker(server_pid: int) -> None:
    """At the start of a worker: a bound on memory, and an end soon after the server's, however that ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    threading.Thread(target=_end_after, args=(server_pid,), daemon=True).start()


def run_limited(function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """In a worker: run one task within the bounds of time."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT_S)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + _CPU_LIMIT_S, hard))
    try:
        return function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _new_worker() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1,
        multiprocessing.get_context("spawn"),
        begin_worker,
        (os.getpid(),),
        max_tasks_per_child=_TASKS_OF_A_WORKER,
    )


def _end_after(server_pid: int) -> None:
    while os.getppid() == server_pid:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)


def _too_long(*_: object) -> NoReturn:
    raise TimeoutError("it takes too long")


def _hand_over(future: Future[T], waiting: Deferred[T]) -> None:
    if waiting.called:
        return
    error = future.exception()
    if error is None:
        waiting.callback(future.result())
    else:
        waiting.errback(error)
