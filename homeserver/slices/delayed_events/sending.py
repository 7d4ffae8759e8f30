"""Sending delayed events: each when it is due, by whichever process comes first, or at once on demand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

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


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom it is sent for. `get_requester`: by user id, raises `MatrixError` for who may send nothing any more.
    `check_rate`: raises 429 for who sends too much."""

    get_requester: Callable[[str], Awaitable[Requester]]
    check_rate: Callable[[str], None]


class DelayedSending:
    """Sends one after the other. `send_next` is for a `DueWork`."""

    def __init__(self, database: Database, rooms: Rooms, drafting: Drafting, sender: Sender) -> None:
        self._database = database
        self._rooms = rooms
        self._drafting = drafting
        self._sender = sender

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

    async def send_next(self) -> int | None:
        """Send the one that is due next, if its time has come. See `DueWork`."""
        event = await self._database.glance(queries.find_next)
        if event is None:
            return None
        wait_ms = event.due_ts - wall_clock_ms()
        if wait_ms > 0:
            return wait_ms
        try:
            await self.send_now(event)
        except MatrixError as error:
            body = msgspec.json.encode(error.body())
            await self._database.transact(queries.finalise, event.delay_id, wall_clock_ms(), body)
        return 0

    def _send(self, tx: Transaction, room: RoomRecord, draft: EventDraft, delay_id: str) -> bool:
        if not queries.finalise(tx, delay_id, wall_clock_ms()):
            return False
        stored = self._rooms.send_within(tx, room, draft, TransactionKey(draft.sender, "", DELAYED, delay_id))
        queries.set_sent(tx, delay_id, stored.event.event_id)
        return True
