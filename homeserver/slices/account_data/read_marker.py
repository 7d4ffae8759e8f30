"""The read marker `m.fully_read`: up to where a user is done with a room.

https://spec.matrix.org/v1.19/client-server-api/#fully-read-markers
"""

from __future__ import annotations

from typing import Protocol

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import forbidden, not_found
from homeserver.slices.account_data import queries
from homeserver.slices.account_data.service import AccountData

FULLY_READ = "m.fully_read"


class Place(Protocol):
    """Where an event is in its room."""

    @property
    def event_nid(self) -> int:
        """Its number."""

    @property
    def depth(self) -> int:
        """Its depth."""


class RoomLookup(Protocol):
    """What the read marker asks about rooms."""

    async def find_room_nid(self, room_id: str) -> int | None:
        """The room's number."""

    async def is_joined(self, room_nid: int, user_id: str) -> bool:
        """Whether the user is joined."""

    def find_place(self, tx: Transaction, room_nid: int, event_id: str) -> Place | None:
        """Where an event of the room is."""


class ReadMarker:
    """Moves read markers, never backwards."""

    def __init__(self, database: Database, account_data: AccountData, rooms: RoomLookup) -> None:
        self._database = database
        self._account_data = account_data
        self._rooms = rooms

    async def set_fully_read(self, user_id: str, room_id: str, event_id: str) -> None:
        """Move the marker, unless it is there or further already; 403 `M_FORBIDDEN` for who is not in the room, 404
        `M_NOT_FOUND` for an event that is not of the room."""
        room_nid = await self._rooms.find_room_nid(room_id)
        if room_nid is None or not await self._rooms.is_joined(room_nid, user_id):
            raise forbidden(f"{user_id} is not in the room.")

        def run(tx: Transaction) -> None:
            place = self._rooms.find_place(tx, room_nid, event_id)
            if place is None:
                raise not_found("There is no such event in the room.")
            before = self._find_before(tx, user_id, room_id, room_nid)
            if before is None or (before.depth, before.event_nid) < (place.depth, place.event_nid):
                self._account_data.write(tx, user_id, (room_id, FULLY_READ), {"event_id": event_id})

        await self._database.transact(run, locks=(f"account_data:{user_id}",))

    def _find_before(self, tx: Transaction, user_id: str, room_id: str, room_nid: int) -> Place | None:
        content = queries.find_content(tx, user_id, room_id, FULLY_READ)
        event_id = None if content is None else content.get("event_id")
        return self._rooms.find_place(tx, room_nid, event_id) if isinstance(event_id, str) else None
