"""What other parts ask about rooms by their numbers, many of it within a transaction of theirs."""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction
from homeserver.rooms import queries_unread
from homeserver.rooms.records import EventPlace
from homeserver.rooms.service import Rooms


class RoomNumbers:
    """Answers questions about rooms."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def find_room_nid(self, room_id: str) -> int | None:
        """The room's number."""
        room = await self._rooms.find_room(room_id)
        return None if room is None else room.room_nid

    async def is_joined(self, room_nid: int, user_id: str) -> bool:
        """Whether the user is joined."""
        return await self._rooms.occupancy.membership(room_nid, user_id) == "join"

    async def joined_users(self, room_nid: int) -> tuple[str, ...]:
        """Everybody joined."""
        return await self._rooms.occupancy.joined_users(room_nid)

    async def joined_servers(self, room_nid: int) -> frozenset[str]:
        """The servers in the room."""
        return await self._rooms.occupancy.joined_servers(room_nid)

    def find_place(self, tx: Transaction, room_nid: int, event_id: str) -> EventPlace | None:
        """Where an event of the room is; None for one that is not here or not part of its history."""
        return queries_unread.find_place(tx, room_nid, event_id)

    def room_nids(self, tx: Transaction, room_ids: Collection[str]) -> dict[int, str]:
        """Room number to room id; unknown rooms are left out."""
        return queries_unread.room_nids(tx, room_ids)
