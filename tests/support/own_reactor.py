from __future__ import annotations
from threading import Thread
from collections.abc import Coroutine
from typing import Any, TypeVar
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread
T = TypeVar("T")
_started = False
def run(coro: Coroutine[Any, Any, T], timeout_s: float = 30) -> T:
    global _started
    if not _started:
        _started = True
        Thread(target=lambda: reactor.run(installSignalHandlers=False), daemon=True).start()
    def go():
        d = Deferred.fromCoroutine(coro)
        d.addTimeout(timeout_s, reactor)
        return d
    return blockingCallFromThread(reactor, go)
