"""Work that nobody waits for: it is run, its failure is logged, and the server's end waits for it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from twisted.internet.defer import Deferred, DeferredList

logger = logging.getLogger(__name__)


class Background:
    """Coroutines under way. Used on the reactor thread."""

    def __init__(self) -> None:
        self._running: set[Deferred[None]] = set()

    def spawn(self, work: Awaitable[None]) -> None:
        """Run it."""
        running: Deferred[None] = Deferred.fromCoroutine(_logged(work))
        if not running.called:
            self._running.add(running)
            running.addBoth(lambda _: self._running.discard(running))

    async def finish(self) -> None:
        """Wait for what is under way; what should end first has to be told so before."""
        while self._running:
            await DeferredList(list(self._running))


async def _logged(work: Awaitable[None]) -> None:
    try:
        await work
    except Exception:
        logger.exception("background work failed")
