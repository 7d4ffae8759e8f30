"""Guests leave a room that no longer lets guests in.

https://spec.matrix.org/v1.19/client-server-api/#guest-access
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from homeserver.database import Transaction
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.events import StateKey
from homeserver.protocol.requester import Requester
from homeserver.rooms.memberships import Change, Memberships
from homeserver.rooms.records import RoomRecord, StoredEvent
from homeserver.rooms.service import Rooms

logger = logging.getLogger(__name__)

GUEST_ACCESS: StateKey = ("m.room.guest_access", "")

GuestsAmong = Callable[[Iterable[str]], Awaitable[list[str]]]
"""Those of these users who are guests of this server."""


class Guests:
    """Watches `m.room.guest_access`. `spawn` runs what nobody waits for."""

    def __init__(
        self,
        rooms: Rooms,
        memberships: Memberships,
        guests_among: GuestsAmong,
        spawn: Callable[[Awaitable[None]], None],
    ) -> None:
        self._rooms = rooms
        self._memberships = memberships
        self._guests_among = guests_among
        self._spawn = spawn

    def note_accepted(self, tx: Transaction, room: RoomRecord, stored: StoredEvent) -> None:
        """An event was accepted, live or of earlier times; called within its transaction."""
        event = stored.event
        if (event.type, event.state_key) == GUEST_ACCESS and event.content.get("guest_access") != "can_join":
            tx.after_commit(lambda: self._spawn(self.send_away(room)))

    async def send_away(self, room: RoomRecord) -> None:
        """Let all guests leave, unless the room lets guests in after all."""
        event = await self._rooms.find_state_event(room.room_nid, GUEST_ACCESS)
        if event is not None and event.content.get("guest_access") == "can_join":
            return
        for user_id in await self._guests_among(await self._rooms.occupancy.joined_users(room.room_nid)):
            try:
                await self._memberships.change(Change(room.room_id, user_id, "leave"), Requester(user_id, None, 0))
            except MatrixError as error:
                logger.warning("the guest %s could not leave %s: %s", user_id, room.room_id, error.message)
