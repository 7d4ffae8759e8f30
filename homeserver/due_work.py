"""Work that is kept somewhere with the time at which each piece is due, and a timer for the next one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from homeserver.clock import Clock, Timer

logger = logging.getLogger(__name__)

#: The clock of the wall may be set while a timer runs.
_LONGEST_WAIT_S = 600.0
#: After a failure that is nobody's fault, such as a database that is away.
_RETRY_S = 10.0

DoNext = Callable[[], Awaitable[int | None]]
"""Do the next piece if it is due: how many milliseconds it has time, 0 where it is done, None where there is none."""

Spawn = Callable[[Awaitable[None]], None]
"""Run in the background; a failure is logged."""


class DueWork:
    """Does each piece when its time has come. Used on the reactor thread."""

    def __init__(self, do_next: DoNext, spawn: Spawn, reactor: Clock) -> None:
        self._do_next = do_next
        self._spawn = spawn
        self._reactor = reactor
        self._timer: Timer | None = None
        self._is_working = False
        self._is_asked = False
        self._is_stopped = False

    def stop(self) -> None:
        """Begin nothing more."""
        self._is_stopped = True
        self._set_timer(None)

    async def work(self) -> None:
        """Do all that is due, and set the timer for what comes next. To be called where there may be new work."""
        self._is_asked = True
        if self._is_working:
            return
        self._is_working = True
        try:
            while self._is_asked and not self._is_stopped:
                self._is_asked = False
                await self._do_all_due()
        finally:
            self._is_working = False

    async def _do_all_due(self) -> None:
        while not self._is_stopped:
            try:
                wait_ms = await self._do_next()
            except Exception:
                logger.exception("work that is due could not be done; tried again soon")
                self._set_timer(_RETRY_S)
                return
            if wait_ms is None:
                return
            if wait_ms > 0:
                self._set_timer(min(wait_ms / 1000, _LONGEST_WAIT_S))
                return

    def _wake(self) -> None:
        self._timer = None
        self._spawn(self.work())

    def _set_timer(self, wait_s: float | None) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None if wait_s is None or self._is_stopped else self._reactor.callLater(wait_s, self._wake)
