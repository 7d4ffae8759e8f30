"""Sending delayed events: each when it is due, by whichever process comes first, or at once on demand."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from homeserver.clock import Clock, Timer
from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden
from homeserver.protocol.requester import Requester
from homeserver.rooms.drafting import Drafting
from homeserver.rooms.kernel import room_lock
from homeserver.rooms.records import EventDraft, RoomRecord
from homeserver.rooms.rendering import DELAYED
from homeserver.rooms.service import Rooms, TransactionKey, wall_clock_ms
from homeserver.slices.delayed_events import queries
from homeserver.slices.delayed_events.records import DelayedEvent

logger = logging.getLogger(__name__)

#: The clock of the wall may be set while a timer runs.
_LONGEST_WAIT_S = 600.0
#: After a failure that is nobody's fault, such as a database that is away.
_RETRY_S = 10.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom it is sent for. `get_requester`: by user id, raises `MatrixError` for who may send nothing any more.
    `check_rate`: raises 429 for who sends too much. `spawn`: runs what nobody waits for."""

    get_requester: Callable[[str], Awaitable[Requester]]
    check_rate: Callable[[str], None]
    spawn: Callable[[Awaitable[None]], None]


class DelayedSending:
    """Has a timer for the next one. Used on the reactor thread."""

    def __init__(self, database: Database, rooms: Rooms, drafting: Drafting, sender: Sender, reactor: Clock) -> None:
        self._database = database
        self._rooms = rooms
        self._drafting = drafting
        self._sender = sender
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
        """Send what is due, in its order, and set the timer for what comes next."""
        self._is_asked = True
        if self._is_working:
            return
        self._is_working = True
        try:
            while self._is_asked and not self._is_stopped:
                self._is_asked = False
                await self._send_all_due()
        finally:
            self._is_working = False

    async def send_now(self, event: DelayedEvent) -> bool:
        """Send one before its time; False where it is over. Raises what sending it raises; it stays scheduled then."""
        wanted = event.wanted()
        requester = await self._sender.get_requester(event.user_id)
        draft = await self._drafting.draft(wanted, requester)
        room = await self._rooms.find_room(event.room_id)
        if room is None:
            raise forbidden(f"{event.user_id} is not in the room.")
        self._sender.check_rate(event.user_id)
        lock = room_lock(room.room_nid)
        return await self._database.transact(self._send, room, draft, event.delay_id, locks=(lock,))

    def _send(self, tx: Transaction, room: RoomRecord, draft: EventDraft, delay_id: str) -> bool:
        if not queries.finalise(tx, delay_id, wall_clock_ms()):
            return False
        stored = self._rooms.send_within(tx, room, draft, TransactionKey(draft.sender, "", DELAYED, delay_id))
        queries.set_sent(tx, delay_id, stored.event.event_id)
        return True

    async def _send_all_due(self) -> None:
        while not self._is_stopped:
            try:
                event = await self._database.glance(queries.find_next)
                if event is None:
                    return
                wait_ms = event.due_ts - wall_clock_ms()
                if wait_ms > 0:
                    self._set_timer(min(wait_ms / 1000, _LONGEST_WAIT_S))
                    return
                await self._send_due(event)
            except Exception:
                logger.exception("delayed events could not be sent; tried again soon")
                self._set_timer(_RETRY_S)
                return

    async def _send_due(self, event: DelayedEvent) -> None:
        try:
            await self.send_now(event)
        except MatrixError as error:
            body = msgspec.json.encode(error.body())
            await self._database.transact(queries.finalise, event.delay_id, wall_clock_ms(), body)

    def _wake(self) -> None:
        self._timer = None
        self._sender.spawn(self.work())

    def _set_timer(self, wait_s: float | None) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None if wait_s is None or self._is_stopped else self._reactor.callLater(wait_s, self._wake)
