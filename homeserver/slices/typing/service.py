"""Typing notifications: volatile, absolute, ended by a timeout, by leaving and by sending.

https://spec.matrix.org/v1.19/client-server-api/#typing-notifications
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from homeserver.clock import Clock, Timer
from homeserver.protocol.errors import forbidden

MOST_TIMEOUT_MS = 120_000
REMOTE_TIMEOUT_S = 60

Touch = Callable[[int], int]
"""Room number: wake those who sync there; the new serial."""

SendEdu = Callable[[Collection[str], str, dict[str, Any]], None]
"""(destinations, EDU type, content): to be sent once, or never if the destination is away."""


class RoomLookup(Protocol):
    """What typing asks about rooms."""

    async def find_room_nid(self, room_id: str) -> int | None:
        """The room's number."""

    async def is_joined(self, room_nid: int, user_id: str) -> bool:
        """Whether the user is joined."""

    async def joined_users(self, room_nid: int) -> Collection[str]:
        """The users in the room."""

    async def joined_servers(self, room_nid: int) -> Collection[str]:
        """The servers in the room."""


@dataclass(slots=True)
class _RoomTyping:
    changed_at: int = 0
    users: dict[str, Timer] = field(default_factory=dict)


class Typing:
    """Keeps who is typing where."""

    def __init__(self, rooms: RoomLookup, touch: Touch, send_edu: SendEdu, server_name: str, reactor: Clock) -> None:
        self._rooms = rooms
        self._touch = touch
        self._send_edu = send_edu
        self._server_name = server_name
        self._reactor = reactor
        self._typing: dict[int, _RoomTyping] = {}

    async def set_typing(self, room_id: str, user_id: str, timeout_ms: int | None) -> None:
        """A local user types for some time, or (None) no more; 403 `M_FORBIDDEN` when not in the room."""
        room_nid = await self._rooms.find_room_nid(room_id)
        if room_nid is None or not await self._rooms.is_joined(room_nid, user_id):
            raise forbidden(f"{user_id} is not in the room.")
        timeout_s = None if timeout_ms is None else min(timeout_ms, MOST_TIMEOUT_MS) / 1000
        if self._put(room_nid, user_id, timeout_s):
            await self._tell_others(room_nid, room_id, user_id, timeout_s is not None)

    async def receive(self, origin: str, content: dict[str, Any]) -> None:
        """An `m.typing` EDU. Ignored unless the origin speaks of its own user, who is in the room.

        https://spec.matrix.org/v1.19/server-server-api/#typing-notifications
        """
        room_id, user_id = content.get("room_id"), content.get("user_id")
        if not isinstance(room_id, str) or not isinstance(user_id, str) or user_id.partition(":")[2] != origin:
            return
        room_nid = await self._rooms.find_room_nid(room_id)
        if room_nid is not None and await self._rooms.is_joined(room_nid, user_id):
            self._put(room_nid, user_id, REMOTE_TIMEOUT_S if content.get("typing") is True else None)

    def typing_since(self, room_nid: int, volatile: int) -> list[str] | None:
        """The users typing in a room, if that changed after the serial."""
        room = self._typing.get(room_nid)
        return None if room is None or room.changed_at <= volatile else list(room.users)

    async def check_members(self, room_nids: Iterable[int]) -> None:
        """The members of these rooms have changed: who is no longer in one does not type there any more."""
        for room_nid in room_nids:
            room = self._typing.get(room_nid)
            if room is not None and room.users:
                for user_id in set(room.users).difference(await self._rooms.joined_users(room_nid)):
                    self._put(room_nid, user_id, None)

    def _put(self, room_nid: int, user_id: str, timeout_s: float | None) -> bool:
        """Whether anything changed that others have to know."""
        room = self._typing.get(room_nid)
        if room is None:
            if timeout_s is None:
                return False
            room = self._typing[room_nid] = _RoomTyping()
        timer = room.users.pop(user_id, None)
        if timer is not None and timer.active():
            timer.cancel()
        if timeout_s is not None:
            room.users[user_id] = self._reactor.callLater(timeout_s, self._expire, room_nid, user_id)
            if timer is not None:
                return True
        elif timer is None:
            return False
        room.changed_at = self._touch(room_nid)
        return True

    def _expire(self, room_nid: int, user_id: str) -> None:
        self._put(room_nid, user_id, None)

    async def _tell_others(self, room_nid: int, room_id: str, user_id: str, is_typing: bool) -> None:
        servers = set(await self._rooms.joined_servers(room_nid)) - {self._server_name}
        if servers:
            content = {"room_id": room_id, "user_id": user_id, "typing": is_typing}
            self._send_edu(servers, "m.typing", content)
