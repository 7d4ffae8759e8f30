"""One piece of work for everybody who asks for it at the same time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Runs the work of a key once at a time. A caller that is cancelled leaves the work to the others."""

    def __init__(self) -> None:
        self._waiting: dict[K, list[Deferred[V]]] = {}

    async def run(self, key: K, work: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The result of the work for the key that is under way, or is begun now; raises what the work raises."""
        mine: Deferred[V] = Deferred()
        if key in self._waiting:
            self._waiting[key].append(mine)
        else:
            self._waiting[key] = [mine]
            Deferred.fromCoroutine(work()).addBoth(self._landed, key)
        return await mine

    def _landed(self, result: V | Failure, key: K) -> None:
        for waiting in self._waiting.pop(key):
            if not waiting.called:
                waiting.callback(result)  # which a Failure makes an errback
