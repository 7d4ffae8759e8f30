"""What a simulated run has in place of the machine: a clock nobody waits for, chance that a seed repeats, and a real
database whose threads are waited for, so that the same seed gives the same run.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest import mock

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater

from homeserver.clock import Timer
from homeserver.database import Database
from homeserver.database.engine import Engine
from homeserver.database.tables import Table

T = TypeVar("T")

_BEGAN_S = 1_700_000_000.0
_PATIENCE_S = 60.0
_LONGEST_TRANSACTION_S = 0.02


class World:
    """The clock and the chance of one run."""

    def __init__(self, seed: int) -> None:
        self.clock = Clock()
        self.chance = random.Random(seed)

    def now_s(self) -> float:
        """The time of day."""
        return _BEGAN_S + self.clock.seconds()

    def run_until(self, at_s: float) -> None:
        """Let everything happen that is due up to a moment."""
        while (due := self.clock.getDelayedCalls()) and (next_s := min(one.time for one in due)) <= at_s:
            self.clock.advance(max(0.0, next_s - self.clock.seconds()))
        self.clock.advance(max(0.0, at_s - self.clock.seconds()))

    def finish(self, work: Coroutine[Any, Any, T], within_s: float = 600.0) -> T:
        """What a coroutine comes to, time passing as it must."""
        waiting = Deferred.fromCoroutine(work)
        until_s = self.clock.seconds() + within_s
        while not waiting.called:
            if self.clock.seconds() >= until_s:
                raise AssertionError("it takes longer than it may")
            self.run_until(self.clock.seconds() + 0.05)
        found: list[Any] = []
        waiting.addBoth(found.append)
        if hasattr(found[0], "raiseException"):
            found[0].raiseException()
        result: T = found[0]
        return result


@contextmanager
def determined(world: World) -> Iterator[None]:
    """Within it, the time of day and what is secret come of the world."""
    hidden = random.Random(world.chance.random())
    with (
        mock.patch.object(time, "time", world.now_s),
        mock.patch.object(time, "time_ns", lambda: int(world.now_s() * 1_000_000_000)),
        mock.patch.object(random.SystemRandom, "random", lambda _: hidden.random()),
        mock.patch.object(random.SystemRandom, "getrandbits", lambda _, bits: hidden.getrandbits(bits)),
        mock.patch.object(random.SystemRandom, "randbytes", lambda _, count: hidden.randbytes(count)),
    ):
        yield


class Life:
    """The reactor of one run of one server: once it has ended, nothing of that run happens any more."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._from_threads: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self.is_over = False

    def seconds(self) -> float:
        """See `homeserver.clock.Clock`."""
        return self._world.clock.seconds()

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> Timer:  # noqa: A002
        """See `homeserver.clock.Clock`."""
        timer: Timer = self._world.clock.callLater(delay, self._call, callable, args, kwargs)
        return timer

    def callFromThread(self, function: Callable[..., object], *args: Any) -> None:
        """Call it the next time that threads are waited for; at once where it does not come from one."""
        if threading.current_thread() is threading.main_thread():
            self.callLater(0, function, *args)
        else:
            self._from_threads.put(lambda: function(*args))

    def wait_for(self, result: Deferred[Any]) -> None:
        """Block until the threads have given a result."""
        while not result.called:
            self._from_threads.get(timeout=_PATIENCE_S)()

    async def pause(self, longest_s: float) -> None:
        """Some time passes."""
        await deferLater(self, self._world.chance.uniform(0, longest_s))  # type: ignore[arg-type]

    def _call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not self.is_over:
            function(*args, **kwargs)


class PatientDatabase:
    """A real database: each transaction takes some simulated time, and is over when its call returns."""

    def __init__(self, engine: Engine, life: Life) -> None:
        self._database = Database(engine, life)
        self._life = life
        self.feed = self._database.feed
        self.writer = self._database.writer
        self.announce = self._database.announce
        self.glance = self._database.glance

    def start(self, tables: Sequence[Table]) -> None:
        """See `Database`."""
        self._database.start(tables)

    async def transact(self, body: Callable[..., T], *arguments: Any, locks: Sequence[str] = ()) -> T:
        """See `Database`."""
        await self._life.pause(_LONGEST_TRANSACTION_S)
        waiting = Deferred.fromCoroutine(self._database.transact(body, *arguments, locks=locks))
        self._life.wait_for(waiting)
        return await waiting

    async def read(self, body: Callable[..., T], *arguments: Any) -> T:
        """See `Database`."""
        await self._life.pause(_LONGEST_TRANSACTION_S)
        return await self._database.glance(body, *arguments)

    browse = read

    def stop(self) -> None:
        """End the writer; what is on disk stays for the next life."""
        self.writer.stop()
