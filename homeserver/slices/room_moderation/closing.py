"""Closing a room to the users of this server: all leave it, and may be told why in a room of their own."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import msgspec

from homeserver.database import Database
from homeserver.protocol.errors import MatrixError, invalid_param, not_found
from homeserver.protocol.ids import check_user_id, server_name_of
from homeserver.protocol.requester import Requester
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.rooms import queries_members
from homeserver.rooms.creation import RoomRequest
from homeserver.rooms.founding import Founding
from homeserver.rooms.memberships import Change, Memberships
from homeserver.rooms.records import EventDraft
from homeserver.rooms.service import Rooms, wall_clock_ms
from homeserver.slices.room_moderation import queries
from homeserver.slices.room_moderation.blocking import Blocking

logger = logging.getLogger(__name__)

_KEPT_MS = 7 * 24 * 3600 * 1000
_INSIDE = ("join", "invite", "knock")
#: Less than it takes to say anything.
_MUTED = {"users_default": -10}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """How a room is to be closed. `new_room_user_id`: who makes the room in which those who were in it are told; None
    for no such room."""

    room_id: str
    is_blocked: bool = False
    new_room_user_id: str | None = None
    room_name: str = "Closed room"
    message: str = "The administrators of this server have closed the room that you were in."


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of it: who has left, who could not, which aliases lead to the new room."""

    kicked_users: list[str]
    failed_to_kick_users: list[str]
    local_aliases: list[str]
    new_room_id: str | None


class Names(Protocol):
    """The room directory's part."""

    async def close(self, room_id: str, new_room_id: str | None) -> list[str]:
        """Take a room off the list, and have its aliases lead to another, if there is one; those aliases."""


@dataclass(frozen=True, slots=True)
class ClosingParts:
    """What works together. `default_version`: of the new room. `user_exists`: whether a local user does."""

    database: Database
    rooms: Rooms
    memberships: Memberships
    founding: Founding
    names: Names
    blocking: Blocking
    user_exists: Callable[[str], Awaitable[bool]]
    default_version: str
    server_name: str


class Closing:
    """Closes rooms, at once or in the background. `spawn`: runs what nobody waits for."""

    def __init__(self, parts: ClosingParts, spawn: Callable[[Awaitable[None]], None]) -> None:
        self._parts = parts
        self._spawn = spawn
        self._running: set[str] = set()

    async def close(self, wish: Wish, requester: Requester) -> Closed:
        """Close a room now. Raises `MatrixError` 404 for a room that is not known here, unless it is to be blocked;
        400 where there is no user to make the new room."""
        await self._check(wish)
        return await self._close(wish, requester)

    async def begin(self, wish: Wish, requester: Requester) -> str:
        """The same in the background; an id to ask with what became of it."""
        await self._check(wish)
        delete_id = secrets.token_urlsafe(12)
        now_ms = wall_clock_ms()
        await self._parts.database.transact(queries.insert_closing, delete_id, wish.room_id, now_ms, _KEPT_MS)
        self._running.add(delete_id)
        self._spawn(self._run(delete_id, wish, requester))
        return delete_id

    async def status(self, delete_id: str) -> Json:
        """What became of one; 404."""
        row = await self._parts.database.glance(queries.find_closing, delete_id)
        if row is None:
            raise not_found("No room was deleted under this id in the last week.")
        return self._told(row)

    async def statuses(self, room_id: str) -> list[Json]:
        """Of all of a room's in the last week; 404 for none."""
        rows = await self._parts.database.glance(queries.closings_of, room_id)
        if not rows:
            raise not_found("The room was not deleted in the last week.")
        return [{"delete_id": row.delete_id, **self._told(row)} for row in rows]

    async def _check(self, wish: Wish) -> None:
        if wish.new_room_user_id is not None:
            check_user_id(wish.new_room_user_id)
            is_local = server_name_of(wish.new_room_user_id) == self._parts.server_name
            if not is_local or not await self._parts.user_exists(wish.new_room_user_id):
                raise invalid_param("new_room_user_id: is no user of this server.")
        if await self._parts.rooms.find_room(wish.room_id) is None and not wish.is_blocked:
            raise not_found("This server does not know the room.")

    async def _run(self, delete_id: str, wish: Wish, requester: Requester) -> None:
        result, error = None, None
        try:
            result = msgspec.json.encode(asdict(await self._close(wish, requester)))
        except MatrixError as refusal:
            error = refusal.message
        except Exception:
            logger.exception("%s could not be closed", wish.room_id)
            error = "It failed; the server's log says why."
        await self._parts.database.transact(queries.end_closing, delete_id, result, error)
        self._running.discard(delete_id)

    async def _close(self, wish: Wish, requester: Requester) -> Closed:
        parts = self._parts
        if wish.is_blocked:
            await parts.blocking.block(wish.room_id, requester.user_id)
        room = await parts.rooms.find_room(wish.room_id)
        if room is None:
            return Closed([], [], [], None)
        inside = await parts.database.read(queries_members.local_users_with, room.room_nid, _INSIDE, parts.server_name)
        new_room_id = None if wish.new_room_user_id is None else await self._new_room(wish, wish.new_room_user_id)
        # First, so that nobody comes back by a name that was left behind.
        aliases = await parts.names.close(wish.room_id, new_room_id)
        closed = Closed([], [], aliases, new_room_id)
        for user_id in inside:
            has_left = await self._leave(user_id, wish.room_id)
            (closed.kicked_users if has_left else closed.failed_to_kick_users).append(user_id)
            if has_left and new_room_id is not None and user_id != wish.new_room_user_id:
                await self._enter(user_id, new_room_id)
        return closed

    async def _new_room(self, wish: Wish, creator: str) -> str:
        request = RoomRequest(
            creator=creator,
            version=ROOM_VERSIONS[self._parts.default_version],
            preset="public_chat",
            is_public=False,
            name=wish.room_name,
            power_override=_MUTED,
        )
        requester = Requester(creator, None, 0)
        room_id = await self._parts.founding.create(request, requester)
        draft = EventDraft("m.room.message", creator, {"msgtype": "m.text", "body": wish.message})
        await self._parts.rooms.send(room_id, draft, requester)
        return room_id

    async def _leave(self, user_id: str, room_id: str) -> bool:
        """Have a user leave; whether that could be done."""
        try:
            await self._parts.memberships.change(Change(room_id, user_id, "leave"), Requester(user_id, None, 0))
        except MatrixError as error:
            logger.warning("%s could not be made to leave %s: %s", user_id, room_id, error.message)
            return False
        return True

    async def _enter(self, user_id: str, room_id: str) -> None:
        """By no way that has limits for users: it is not they who join."""
        draft = EventDraft("m.room.member", user_id, {"membership": "join"}, state_key=user_id)
        try:
            await self._parts.rooms.send(room_id, draft, Requester(user_id, None, 0))
        except MatrixError as error:
            logger.warning("%s could not be told in %s: %s", user_id, room_id, error.message)

    def _told(self, row: queries.ClosingRow) -> Json:
        """As it is told. What a stop of the server cut off has failed."""
        told: Json = {"room_id": row.room_id}
        if row.result is not None:
            return {**told, "status": "complete", "shutdown_room": msgspec.json.decode(row.result)}
        if row.error is None and row.delete_id in self._running:
            return {**told, "status": "active", "shutdown_room": None}
        error = row.error or "The server was stopped meanwhile; begin again."
        return {**told, "status": "failed", "error": error, "shutdown_room": None}
