"""`/timestamp_to_event`, for clients and for servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.requester import Requester
from homeserver.rooms.records import RoomRecord
from homeserver.slices.jump_to_date.service import JumpToDate

GetReadableRoom = Callable[[str, str | None, Requester], Awaitable[RoomRecord]]
"""(room id, None, requester): the room, if the requester may read it; raises `MatrixError`."""

GetServersRoom = Callable[[str, str], Awaitable[RoomRecord]]
"""(room id, server): the room, if the server is in it; raises `MatrixError`."""

_LATEST = 2**53 - 1


class JumpToDateEndpoints:
    """Events by time."""

    def __init__(self, jump_to_date: JumpToDate, readable_room: GetReadableRoom, servers_room: GetServersRoom) -> None:
        self._jump_to_date = jump_to_date
        self._readable_room = readable_room
        self._servers_room = servers_room

    @route("GET", "/_matrix/client/v1/rooms/{roomId}/timestamp_to_event", access=Access.GUEST)
    async def for_client(self, request: Request, requester: Requester) -> Json:
        """The event nearest to a moment.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event
        """
        room = await self._readable_room(request.parameters["roomId"], None, requester)
        moment_ms, direction = _asked(request)
        return await self._jump_to_date.find(room, moment_ms, direction, requester.user_id)

    @route("GET", "/_matrix/federation/v1/timestamp_to_event/{roomId}", access=Access.SERVER)
    async def for_server(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1timestamp_to_eventroomid"""
        room = await self._servers_room(request.parameters["roomId"], origin)
        moment_ms, direction = _asked(request)
        return await self._jump_to_date.for_server(room, moment_ms, direction)


def _asked(request: Request) -> tuple[int, str]:
    request.query.required("ts")
    moment_ms = request.query.integer("ts", 0, 0, _LATEST)
    direction = request.query.required("dir")
    if direction not in ("f", "b"):
        raise invalid_param("dir: must be 'f' or 'b'.")
    return moment_ms, direction
