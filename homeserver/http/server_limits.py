"""How much one other server may ask at a time: beyond some requests each waits, and beyond many they are refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from homeserver.protocol.errors import limit_exceeded

T = TypeVar("T")


class ServerRate(Protocol):
    """Of one server: beyond `sleep_limit` requests in `window_ms` each waits `sleep_ms`; `concurrent` run at a time;
    beyond `reject_limit` waiting ones the rest is refused."""

    @property
    def window_ms(self) -> int: ...
    @property
    def sleep_limit(self) -> int: ...
    @property
    def sleep_ms(self) -> int: ...
    @property
    def reject_limit(self) -> int: ...
    @property
    def concurrent(self) -> int: ...


@dataclass(slots=True)
class _Origin:
    """What one server has under way. `begun_at_s`: the requests of the last window."""

    begun_at_s: deque[float] = field(default_factory=deque)
    sleeping: int = 0
    running: int = 0
    waiting: deque[Deferred[None]] = field(default_factory=deque)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not (self.sleeping or self.running or self.waiting)


class ServerLimits:
    """Keeps the requests of each server within bounds. Used on the reactor thread."""

    def __init__(self, rate: ServerRate, reactor: Any) -> None:
        self._rate = rate
        self._reactor = reactor
        self._origins: dict[str, _Origin] = {}

    async def run(self, origin: str, work: Coroutine[Any, Any, T]) -> T:
        """Do the work when it is the server's turn; raises `MatrixError` 429 where too much of its waits."""
        known = self._origins.setdefault(origin, _Origin())
        try:
            await self._enter(known)
        except BaseException:
            work.close()
            raise
        try:
            return await work
        finally:
            self._leave(origin, known)

    async def _enter(self, origin: _Origin) -> None:
        rate = self._rate
        if origin.sleeping + len(origin.waiting) >= rate.reject_limit:
            raise limit_exceeded(rate.window_ms)
        now_s = self._reactor.seconds()
        while origin.begun_at_s and origin.begun_at_s[0] <= now_s - rate.window_ms / 1000:
            origin.begun_at_s.popleft()
        origin.begun_at_s.append(now_s)
        if len(origin.begun_at_s) > rate.sleep_limit:
            origin.sleeping += 1
            try:
                await deferLater(self._reactor, rate.sleep_ms / 1000)
            finally:
                origin.sleeping -= 1
        if origin.running >= rate.concurrent:
            await self._wait(origin)
        else:
            origin.running += 1

    @staticmethod
    async def _wait(origin: _Origin) -> None:
        """Until one that runs hands its place over."""
        turn: Deferred[None] = Deferred()
        origin.waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn in origin.waiting:
                origin.waiting.remove(turn)
            raise

    def _leave(self, name: str, origin: _Origin) -> None:
        if origin.waiting:
            origin.waiting.popleft().callback(None)
        else:
            origin.running -= 1
        if origin.is_idle and len(origin.begun_at_s) <= 1:
            self._origins.pop(name, None)
