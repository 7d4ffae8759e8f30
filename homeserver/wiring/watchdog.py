"""Tells what holds the reactor up: everybody waits meanwhile."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from types import FrameType
from typing import Protocol

logger = logging.getLogger(__name__)

#: Whoever waits longer than this notices.
BLOCKED_S = 0.05
#: While there is something to do, and while there is little: waking up is most of what this costs.
_BUSY_S, _IDLE_S = 0.025, 0.25
#: Of a core, from here on there is something to do.
_BUSY_SHARE = 0.02
#: One line a while is enough to find what it is; the counts say how often.
_TELL_EVERY_S = 10.0
#: Where the reactor's thread is while there is nothing to do.
_WAITING = ("doPoll", "doKEvent", "doSelect")


class Reactor(Protocol):
    """What is needed of it."""

    def callFromThread(self, callable: object, *args: object) -> object:  # noqa: A002, N802
        """Call in the reactor's thread, soon."""


class Watchdog:
    """A thread that looks at the reactor's some forty times a second, or four times where there is little to do. Where
    it finds it at work, it asks for an answer; when none comes for `BLOCKED_S`, it notes where that thread is, and logs
    the stack once the answer is there.

    `blocked`: how often that was; `blocked_s`: how long in all, `longest_s`: at most. What keeps all threads from
    running cannot be seen by one, and on a server with little to do a short wait may go unseen.
    """

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._ended = threading.Event()
        self._answered = threading.Event()
        self._thread: threading.Thread | None = None
        self._watched = 0
        self._told_at = -_TELL_EVERY_S
        self.blocked = 0
        self.blocked_s = 0.0
        self.longest_s = 0.0

    def start(self) -> None:
        """Begin to watch the thread that calls this."""
        self._watched = threading.get_ident()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._ended.set()
        self._answered.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        clock = time.pthread_getcpuclockid(self._watched)
        used_s, pause_s = time.clock_gettime(clock), _IDLE_S
        while not self._ended.wait(pause_s):
            frame = self._frame()
            is_at_work = frame is not None and frame.f_code.co_name not in _WAITING
            del frame
            if is_at_work:
                self._ask()
            before_s, used_s = used_s, time.clock_gettime(clock)
            is_busy = is_at_work or used_s - before_s > _BUSY_SHARE * pause_s
            pause_s = _BUSY_S if is_busy else _IDLE_S

    def _frame(self) -> FrameType | None:
        return sys._current_frames().get(self._watched)

    def _ask(self) -> None:
        began_s = time.monotonic()
        self._answered.clear()
        self._reactor.callFromThread(self._answered.set)
        if self._answered.wait(BLOCKED_S) or self._ended.is_set():
            return
        frame = self._frame()
        stack = [] if frame is None else traceback.format_stack(frame)
        del frame
        self._answered.wait()
        if not self._ended.is_set():
            self._note(time.monotonic() - began_s, stack)

    def _note(self, seconds: float, stack: list[str]) -> None:
        self.blocked += 1
        self.blocked_s += seconds
        self.longest_s = max(self.longest_s, seconds)
        now_s = time.monotonic()
        if now_s - self._told_at >= _TELL_EVERY_S:
            self._told_at = now_s
            logger.warning("The reactor was held up for %.0f ms, here:\n%s", seconds * 1000, "".join(stack))
