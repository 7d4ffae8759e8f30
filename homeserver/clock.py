"""What time is to those who need it: the reactor, or a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    """A call that is due later."""

    def active(self) -> bool:
        """Whether it is still to come."""

    def cancel(self) -> None:
        """It is not to come."""


class Clock(Protocol):
    """Seconds and timers, in Twisted's names."""

    def seconds(self) -> float:
        """Now, in seconds from no particular moment."""

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any) -> Timer:  # noqa: A002, N802
        """Call in so many seconds."""
