"""Whose word counts where: what is taken in of rooms this server is in, or is about to be in, from servers in them.

https://spec.matrix.org/v1.19/server-server-api/#server-access-control-lists-acls
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from homeserver.federation.server_acl import ServerAcls
from homeserver.protocol.errors import forbidden
from homeserver.protocol.room_versions import RoomVersion
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.service import Rooms

Json = dict[str, Any]


class Admission:
    """Knows the rooms this server is in, and those it is joining. Used on the reactor thread."""

    def __init__(self, rooms: Rooms, acls: ServerAcls, server_name: str) -> None:
        self._rooms = rooms
        self._acls = acls
        self._server_name = server_name
        self._joining: Counter[tuple[str, RoomVersion]] = Counter()
        self._joins_ended: list[Callable[[str], None]] = []

    async def find_joined(self, room_id: str) -> RoomRecord | None:
        """A room this server is in."""
        room = await self._rooms.find_room(room_id)
        if room is None or self._server_name not in await self._rooms.occupancy.joined_servers(room.room_nid):
            return None
        return room

    async def find_version(self, room_id: str) -> RoomVersion | None:
        """The version of a room whose events are taken in; None for any other room."""
        room = await self.find_joined(room_id)
        if room is not None:
            return room.version
        return next((version for name, version in self._joining if name == room_id), None)

    async def may_take_part(self, room_id: str, server_name: str) -> bool:
        """Whether a room lets a server take part; so does one that this server is not in."""
        room = await self.find_joined(room_id)
        return room is None or await self._acls.is_allowed(room.room_nid, server_name)

    async def check_may_take_part(self, room_id: str, server_name: str) -> None:
        """Raise 403 `M_FORBIDDEN` for a server that the room shuts out."""
        if not await self.may_take_part(room_id, server_name):
            raise forbidden("The room's access control list shuts this server out.")

    async def admitted_edu(self, origin: str, edu_type: str, content: Json) -> Json | None:
        """What is left of an EDU without what it says of rooms that shut its origin out; None for nothing."""
        if edu_type == "m.typing":
            return content if await self.may_take_part(str(content.get("room_id")), origin) else None
        if edu_type == "m.receipt":
            return {room_id: value for room_id, value in content.items() if await self.may_take_part(room_id, origin)}
        return content

    @contextmanager
    def joining(self, room_id: str, version: RoomVersion) -> Iterator[None]:
        """A join is under way: others count this server in before it has the room, so what they send has to wait."""
        self._joining[room_id, version] += 1
        try:
            yield
        finally:
            self._joining[room_id, version] -= 1
            self._joining += Counter()
            for callback in self._joins_ended:
                callback(room_id)

    def is_joining(self, room_id: str) -> bool:
        """Whether a join is under way."""
        return any(name == room_id for name, _ in self._joining)

    def on_join_ended(self, callback: Callable[[str], None]) -> None:
        """Call back with the room's id when a join succeeded or failed."""
        self._joins_ended.append(callback)
