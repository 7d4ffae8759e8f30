"""The running server: what starts when, and what ends in which order."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from homeserver.accounts.kernel import AccountParts
from homeserver.federation import queries_incoming
from homeserver.http.listeners import Listeners
from homeserver.rooms import queries_rooms
from homeserver.rooms.service import wall_clock_ms
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground
from homeserver.wiring.listening import Wired, listener_options
from homeserver.wiring.slices import Slices
from homeserver.wiring.tables import TABLES

logger = logging.getLogger(__name__)

#: How long requests under way may take when the server is stopped.
_GRACE_S = 10.0
_REAP_EVERY_S = 600
_TICK_EVERY_S = 5
_SAVE_PUSH_EVERY_S = 30
_DAY_MS = 24 * 3600 * 1000


class Server:
    """Starts and stops everything."""

    def __init__(
        self, ground: Ground, federation: Federation, accounts: AccountParts, slices: Slices, wired: Wired
    ) -> None:
        self._ground = ground
        self._federation = federation
        self._accounts = accounts
        self._slices = slices
        self._listeners: Listeners = wired.listeners
        self._delayed = wired.delayed
        self._due = [wired.delayed.due] if wired.expiring is None else [wired.delayed.due, wired.expiring]
        self._watchdog = wired.watchdog
        self._loops: list[LoopingCall] = []
        self.ports: list[int] = []

    async def start(self) -> None:
        """Open the database, take up what a stop interrupted, then listen. Raises what the opening of the database
        or of a port raises; what was begun by then is undone."""
        try:
            await self._start()
        except BaseException:
            try:
                await self.stop()
            except Exception:
                logger.exception("a start that failed could not be undone")
            raise

    async def _start(self) -> None:
        ground = self._ground
        ground.threads.start()
        await ground.offload(ground.database.start, TABLES)
        self._accounts.start()
        await self._accounts.deactivation.resume()
        await self._slices.data.profiles.resume()
        await self._ground.rooms.partial.start()
        await self._federation.work.start()
        await self._federation.sender.start()
        await self._federation.completion.start()
        await self._federation.late_checks.start()
        await self._slices.encryption.start()
        await self._slices.push.start()
        for work in self._due:
            ground.background.spawn(work.work())
        ground.background.spawn(self._slices.media.keeping.begin())
        self._repeat(_TICK_EVERY_S, self._slices.presence.tick)
        self._repeat(_SAVE_PUSH_EVERY_S, self._slices.push.tick)
        self._repeat(_REAP_EVERY_S, lambda: Deferred.fromCoroutine(self.reap()))
        for options in listener_options(ground.config):
            self.ports.append(self._listeners.open(options))
        self._watchdog.start()
        # What is there now stays: collections need not look at it again.
        gc.collect()
        gc.freeze()

    async def stop(self) -> None:
        """End in order: no new requests, then what is under way, then the queues, then the database. What was never
        begun has nothing to end."""
        self._slices.polling.stop()
        await self._listeners.close(_GRACE_S)
        for work in self._due:
            work.stop()
        self._watchdog.stop()
        while self._loops:
            self._loops.pop().stop()
        self._federation.sender.stop()
        self._federation.work.stop()
        self._federation.completion.stop()
        self._federation.late_checks.stop()
        self._federation.egress.close()
        self._slices.push.stop()
        self._ground.services.close()
        if self._slices.media.previews is not None:
            self._slices.media.previews.egress.close()
        self._slices.media.processes.close()
        await self._accounts.stop()
        await self._ground.background.finish()
        await self._slices.push.save()
        await self._ground.offload(self._slices.media.contents.close)
        await self._ground.offload(self._ground.database.close)
        self._ground.threads.stop()

    async def reap(self) -> None:
        """Delete what is past its time. Harmless where several processes do it."""
        try:
            await self._ground.database.reap()
            await self._accounts.reap()
            await self._slices.notifications.reap()
            await self._delayed.events.reap()
            await self._slices.encryption.reap()
            await self._federation.edu_bounds.reap()
            await self._slices.media.retention.reap()
            if self._slices.media.previews is not None:
                await self._slices.media.previews.previews.reap()
            await self._slices.sliding.reap()
            before_ts = wall_clock_ms() - _DAY_MS
            await self._ground.database.transact(queries_rooms.delete_sent_before, before_ts)
            await self._ground.database.transact(queries_incoming.delete_answers_before, before_ts)
        except Exception:
            logger.exception("what is past its time could not be deleted")

    def _repeat(self, every_s: float, call: Callable[[], object]) -> None:
        loop = LoopingCall(call)
        loop.clock = self._ground.reactor
        loop.start(every_s, now=False)
        self._loops.append(loop)
