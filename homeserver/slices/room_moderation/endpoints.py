"""Blocking and closing rooms, at the paths and with the bodies that existing tools for administrators use.

https://element-hq.github.io/synapse/latest/admin_api/rooms.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import bad_json, invalid_param, missing_param
from homeserver.protocol.ids import check_room_id
from homeserver.protocol.requester import Requester
from homeserver.slices.room_moderation.blocking import Blocking
from homeserver.slices.room_moderation.closing import Closing, Wish

_V1 = "/_synapse/admin/v1/rooms"
_V2 = "/_synapse/admin/v2/rooms"

CheckAdmin = Callable[[Requester], None]
"""Raises 403 `M_FORBIDDEN` for who is no administrator."""


class RoomModerationEndpoints:
    """For administrators."""

    def __init__(self, blocking: Blocking, closing: Closing, check_admin: CheckAdmin) -> None:
        self._blocking = blocking
        self._closing = closing
        self._check_admin = check_admin

    @route("GET", f"{_V1}/{{roomId}}/block")
    async def is_blocked(self, request: Request, requester: Requester) -> Json:
        """Whether a room is blocked, and who blocked it."""
        self._check_admin(requester)
        user_id = await self._blocking.find_blocker(_room_id(request))
        return {"block": False} if user_id is None else {"block": True, "user_id": user_id}

    @route("PUT", f"{_V1}/{{roomId}}/block")
    async def set_blocked(self, request: Request, requester: Requester) -> Json:
        """Block a room, which need not be known here, or unblock it. Who is in it stays there."""
        self._check_admin(requester)
        room_id, body = _room_id(request), request.json_object()
        if "block" not in body:
            raise missing_param("Missing field block.")
        is_blocked = _flag(body, "block")
        if is_blocked:
            await self._blocking.block(room_id, requester.user_id)
        else:
            await self._blocking.unblock(room_id)
        return {"block": is_blocked}

    @route("DELETE", f"{_V1}/{{roomId}}")
    async def close(self, request: Request, requester: Requester) -> Json:
        """Have all users of this server leave a room: `block`, `new_room_user_id`, `room_name`, `message`. What
        happened in the room stays in the database: `purge` is refused."""
        self._check_admin(requester)
        return asdict(await self._closing.close(_wish(request), requester))

    @route("DELETE", f"{_V2}/{{roomId}}")
    async def begin_closing(self, request: Request, requester: Requester) -> Json:
        """The same, answered at once with a `delete_id`."""
        self._check_admin(requester)
        return {"delete_id": await self._closing.begin(_wish(request), requester)}

    @route("GET", f"{_V2}/{{roomId}}/delete_status")
    async def statuses(self, request: Request, requester: Requester) -> Json:
        """What became of a room's closings in the last week."""
        self._check_admin(requester)
        return {"results": await self._closing.statuses(_room_id(request))}

    @route("GET", f"{_V2}/delete_status/{{deleteId}}")
    async def status(self, request: Request, requester: Requester) -> Json:
        """What became of one of them."""
        self._check_admin(requester)
        return await self._closing.status(request.parameters["deleteId"])


def _room_id(request: Request) -> str:
    room_id = request.parameters["roomId"]
    check_room_id(room_id)
    return room_id


def _wish(request: Request) -> Wish:
    body = request.json_object(optional=True)
    if _flag(body, "purge") or _flag(body, "force_purge"):
        raise invalid_param("purge: this server deletes no rooms from its database; leave it out, or false.")
    given = {name: text for name in ("room_name", "message") if (text := _text(body, name)) is not None}
    return Wish(_room_id(request), _flag(body, "block"), _text(body, "new_room_user_id"), **given)


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise bad_json(f"{name}: must be true or false.")
    return value


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_json(f"{name}: must be a string.")
    return value
