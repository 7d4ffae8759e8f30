"""When and whence a device was last seen: kept in memory, written in batches."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from homeserver.database import Database
from homeserver.devices import queries

logger = logging.getLogger(__name__)

#: A device is not noted more often than this.
GRANULARITY_MS = 60_000
_WRITE_EVERY_S = 10
_MOST_USER_AGENT = 512


@dataclass(frozen=True, slots=True)
class Sighting:
    """A request of a device. `ts` in milliseconds since 1970."""

    ts: int
    ip: str
    user_agent: str


class LastSeen:
    """Collects sightings; `flush` writes them. One transaction for all devices seen meanwhile."""

    def __init__(self, database: Database, reactor: IReactorTime) -> None:
        self._database = database
        self._reactor = reactor
        self._pending: dict[tuple[str, str], Sighting] = {}
        self._loop: LoopingCall | None = None

    def note(self, user_id: str, device_id: str, sighting: Sighting) -> None:
        """A device made a request."""
        self._pending[user_id, device_id] = sighting

    def find_pending(self, user_id: str, device_id: str) -> Sighting | None:
        """What was noted and is not written yet."""
        return self._pending.get((user_id, device_id))

    def start(self) -> None:
        """Write now and then, until `stop`."""
        self._loop = LoopingCall(lambda: Deferred.fromCoroutine(self._flush_or_log()))
        self._loop.clock = self._reactor
        self._loop.start(_WRITE_EVERY_S, now=False)

    async def stop(self) -> None:
        """Write what is left."""
        if self._loop is not None and self._loop.running:
            self._loop.stop()
        await self.flush()

    async def flush(self) -> None:
        """Write all sightings."""
        if not self._pending:
            return
        pending = dict(self._pending)
        rows = [
            {
                "user_id": user_id,
                "device_id": device_id,
                "ts": seen.ts,
                "ip": seen.ip,
                "user_agent": seen.user_agent.replace("\0", "")[:_MOST_USER_AGENT],
            }
            for (user_id, device_id), seen in sorted(pending.items())
        ]
        await self._database.transact(queries.write_last_seen, rows)
        for key, seen in pending.items():
            if self._pending.get(key) is seen:
                del self._pending[key]

    async def _flush_or_log(self) -> None:
        try:
            await self.flush()
        except Exception:
            logger.exception("when devices were last seen could not be written")
