"""What is under way in the background, and who waits for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count

from twisted.internet.defer import Deferred

from homeserver.clock import Clock

#: Whoever waits has something else to tell, too.
PATIENCE_S = 0.5

Spawn = Callable[[Awaitable[None]], None]
"""Run in the background; a failure is logged."""


class Settling:
    """Work that others may wait for. Used on the reactor thread."""

    def __init__(self, spawn: Spawn, reactor: Clock) -> None:
        self._spawn = spawn
        self._reactor = reactor
        self._numbers = count()
        self._under_way: set[int] = set()
        self._waiting: list[tuple[set[int], Deferred[None]]] = []

    def begin(self, work: Awaitable[None]) -> None:
        """Run it in the background."""
        number = next(self._numbers)
        self._under_way.add(number)
        self._spawn(self._run(number, work))

    async def settled(self) -> None:
        """Wait until all is done that has begun by now, or `PATIENCE_S`."""
        if not self._under_way:
            return
        done: Deferred[None] = Deferred()
        waiting = (set(self._under_way), done)
        self._waiting.append(waiting)
        timer = self._reactor.callLater(PATIENCE_S, _fire, done)
        try:
            await done
        finally:
            self._waiting.remove(waiting)
            if timer.active():
                timer.cancel()

    async def _run(self, number: int, work: Awaitable[None]) -> None:
        try:
            await work
        finally:
            self._under_way.discard(number)
            for missing, done in list(self._waiting):
                missing.discard(number)
                if not missing:
                    _fire(done)


def _fire(done: Deferred[None]) -> None:
    if not done.called:
        done.callback(None)
