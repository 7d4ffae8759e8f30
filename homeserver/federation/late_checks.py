"""Checking the pieces of state that could not be checked when a room was joined, again and again with growing waits,
also after a restart, until the keys of their servers are there or the room is left.

https://spec.matrix.org/v1.19/server-server-api/#retrieving-server-keys
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec

from homeserver.clock import Timer
from homeserver.federation.admission import Admission
from homeserver.federation.backoff import Retries
from homeserver.federation.completion import Life
from homeserver.federation.pdu_checks import PduChecks, Refused
from homeserver.protocol.events import Event
from homeserver.rooms.late_state import LateState
from homeserver.rooms.partial import PartialRooms
from homeserver.rooms.records import RoomRecord, Unchecked

logger = logging.getLogger(__name__)

_RETRIES = Retries(first_ms=2_000, longest_ms=3_600_000)
_AT_ONCE = 100


class LateChecks:
    """One round at a time. Used on the reactor thread."""

    def __init__(
        self, late: LateState, partial: PartialRooms, admission: Admission, checks: PduChecks, life: Life
    ) -> None:
        self._late = late
        self._partial = partial
        self._admission = admission
        self._checks = checks
        self._life = life
        self._timer: Timer | None = None
        self._is_running = False
        self._rounds = 0
        self._is_stopping = False

    async def start(self) -> None:
        """Go on with what a stop interrupted."""
        self.begin()

    def stop(self) -> None:
        """Begin no further round."""
        self._is_stopping = True
        self._cancel()

    def begin(self) -> None:
        """There may be something to check."""
        self._rounds = 0
        self._go()

    def revive(self, _: str) -> None:
        """A server that could not be reached is there again."""
        if self._timer is not None:
            self.begin()

    def _go(self) -> None:
        self._cancel()
        if not self._is_running and not self._is_stopping:
            self._is_running = True
            self._life.spawn(self._round())

    def _cancel(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    async def _round(self) -> None:
        try:
            rooms = await self._late.rooms()
            for room in rooms:
                await self._check_room(room)
        finally:
            self._is_running = False
        if rooms and not self._is_stopping:
            self._rounds += 1
            self._timer = self._life.reactor.callLater(_RETRIES.wait_ms(self._rounds) / 1000, self._go)

    async def _check_room(self, room: RoomRecord) -> None:
        if self._partial.is_partial(room.room_nid) or self._admission.is_joining(room.room_id):
            return
        if await self._admission.find_joined(room.room_id) is None:
            await self._late.forget(room)
            return
        waiting = await self._late.of_room(room)
        good: list[Event] = []
        for start in range(0, len(waiting), _AT_ONCE):
            part = waiting[start : start + _AT_ONCE]
            checked = dict(zip((one.event_id for one in part), await self._check(room, part), strict=True))
            good += [one for one in checked.values() if isinstance(one, Event)]
            await self._late.forget(room, _bad(checked))
        if good:
            await self._late.take(room, good)
            logger.info("%s: %d pieces of state have been checked late", room.room_id, len(good))

    async def _check(self, room: RoomRecord, part: list[Unchecked]) -> list[Event | Refused]:
        return await self._checks.check([msgspec.json.decode(one.pdu) for one in part], room.version)


def _bad(checked: Mapping[str, Event | Refused]) -> list[str]:
    return [event_id for event_id, one in checked.items() if isinstance(one, Refused) and not one.is_passing]
