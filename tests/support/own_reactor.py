"""The reactor, running in a thread of its own for as long as the tests do."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cache
from threading import Thread
from typing import Any, TypeVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T], timeout_s: float = 30) -> T:
    """Run a coroutine on the reactor's thread and wait for its result, or raise what it raises."""
    _start()

    def begin() -> Any:
        return Deferred.fromCoroutine(coroutine).addTimeout(timeout_s, reactor)

    result: T = blockingCallFromThread(reactor, begin)
    return result


@cache
def _start() -> None:
    loop: Any = reactor
    Thread(target=loop.run, kwargs={"installSignalHandlers": False}, name="reactor", daemon=True).start()
