"""Rooms that no user of this server may come into."""

from __future__ import annotations

from homeserver.database import Database
from homeserver.protocol.errors import forbidden
from homeserver.rooms.service import wall_clock_ms
from homeserver.slices.room_moderation import queries


class Blocking:
    """Keeps which rooms administrators have blocked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check_open(self, room_id: str) -> None:
        """Raise 403 `M_FORBIDDEN` for a blocked room."""
        if await self.find_blocker(room_id) is not None:
            raise forbidden("The administrators of this server have blocked this room.")

    async def find_blocker(self, room_id: str) -> str | None:
        """Who has blocked a room; None where nobody has."""
        return await self._database.glance(queries.find_blocker, room_id)

    async def block(self, room_id: str, user_id: str) -> None:
        """Nobody comes into the room any more; who is in it stays."""
        await self._database.transact(queries.block, room_id, user_id, wall_clock_ms())

    async def unblock(self, room_id: str) -> None:
        """The room is as any other again."""
        await self._database.transact(queries.unblock, room_id)
