"""Runs an endpoint's coroutine without a Deferred of its own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


class Running:
    """A coroutine that awaits Deferreds, stepped within one `contextvars` context.

    `finished(result, error)` is called once, within the context; at once when the coroutine never waits.
    """

    __slots__ = ("_context", "_coroutine", "_finished", "_waiting", "is_cancelled")

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, Any],
        context: Context,
        finished: Callable[[Any, BaseException | None], None],
    ) -> None:
        self._coroutine = coroutine
        self._context = context
        self._finished = finished
        self._waiting: Deferred[Any] | None = None
        self.is_cancelled = False

    def start(self) -> None:
        """Take the first step; the caller is within the context already."""
        self._step(None)

    def _step(self, failure: Failure | None) -> None:
        coroutine = self._coroutine
        try:
            # A result reaches the coroutine through the `await` itself; a failure has to be thrown in.
            waiting = coroutine.send(None) if failure is None else _thrown(failure, coroutine)
        except StopIteration as stop:
            self._finished(stop.value, None)
        except BaseException as error:
            self._finished(None, error)
        else:
            self.wait_for(waiting)

    def wait_for(self, waiting: Deferred[Any]) -> None:
        """The coroutine has been stepped to where it awaits this."""
        self._waiting = waiting
        waiting.addBoth(self._resume)

    def cancel(self) -> None:
        """Cancel what the coroutine waits for: it sees `CancelledError`."""
        self.is_cancelled = True
        if self._waiting is not None:
            self._waiting.cancel()

    def _resume(self, result: object) -> None:
        # Returning None marks a failure as dealt with.
        self._waiting = None
        self._context.run(self._step, result if isinstance(result, Failure) else None)


def _thrown(failure: Failure, coroutine: Coroutine[Any, Any, Any]) -> Any:
    return failure.throwExceptionIntoGenerator(coroutine)  # type: ignore[no-untyped-call]
