"""Rooms that an account joins when it begins, and leaves when it ends."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from homeserver.protocol.errors import MatrixError
from homeserver.protocol.requester import Requester
from homeserver.rooms.memberships import Change, Memberships
from homeserver.rooms.service import Rooms

logger = logging.getLogger(__name__)

#: Rooms of which it is remembered which they replace.
_MOST_REMEMBERED = 10_000

ResolveAlias = Callable[[str], Awaitable[tuple[str, list[str]]]]
"""A room alias to (room id, servers that know it)."""


CarryOver = Callable[[str, str, str], Awaitable[None]]
"""(user id, old room id, new room id): a user's own settings of a room, such as tags, go to the one replacing it."""


class Succession:
    """Follows users into the rooms that replace others."""

    def __init__(self, rooms: Rooms, carry_over: CarryOver) -> None:
        self._rooms = rooms
        self._carry_over = carry_over
        self._predecessors: dict[str, str | None] = {}

    async def follow(self, user_id: str, room_id: str) -> None:
        """A user has joined a room: where it replaces one they were in, their settings of that come along."""
        old_room_id = await self._find_predecessor(room_id)
        old = None if old_room_id is None else await self._rooms.find_room(old_room_id)
        if old is not None and await self._rooms.occupancy.membership(old.room_nid, user_id) in ("join", "leave"):
            await self._carry_over(user_id, old.room_id, room_id)

    async def _find_predecessor(self, room_id: str) -> str | None:
        """The room that a room replaces. It says so when it is made, once and for all."""
        if room_id in self._predecessors:
            return self._predecessors[room_id]
        room = await self._rooms.find_room(room_id)
        create = None if room is None else await self._rooms.find_state_event(room.room_nid, ("m.room.create", ""))
        if create is None:
            return None
        predecessor = create.content.get("predecessor")
        old_room_id = predecessor.get("room_id") if isinstance(predecessor, dict) else None
        if len(self._predecessors) >= _MOST_REMEMBERED:
            self._predecessors.clear()
        self._predecessors[room_id] = old_room_id if isinstance(old_room_id, str) else None
        return self._predecessors[room_id]


class ComingAndGoing:
    """Follows accounts. `auto_join`: room ids and aliases that every new account joins (`auto_join_rooms`)."""

    def __init__(
        self, rooms: Rooms, memberships: Memberships, resolve: ResolveAlias, auto_join: Sequence[str] = ()
    ) -> None:
        self._rooms = rooms
        self._memberships = memberships
        self._resolve = resolve
        self._auto_join = auto_join

    async def join_first_rooms(self, user_id: str) -> None:
        """Join the rooms every account joins; one that cannot be joined is passed over, with a warning."""
        for name in self._auto_join:
            try:
                room_id, via = await self._resolve(name) if name.startswith("#") else (name, [])
                change = Change(room_id, user_id, "join", via=tuple(via))
                await self._memberships.change(change, Requester(user_id, None, 0))
            except MatrixError as error:
                logger.warning("%s could not join %s: %s", user_id, name, error.message)

    async def leave_every_room(self, user_id: str, erase: bool) -> None:
        """Leave all rooms and refuse all invites; what fails for a reason of the room's is passed over."""
        requester = Requester(user_id, None, 0)
        for membership in (await self._rooms.occupancy.memberships(user_id)).values():
            if membership.membership not in ("join", "invite", "knock"):
                continue
            try:
                await self._memberships.change(Change(membership.room_id, user_id, "leave"), requester)
            except MatrixError as error:
                if error.status >= 500:
                    raise
                logger.warning("%s could not leave %s: %s", user_id, membership.room_id, error.message)
