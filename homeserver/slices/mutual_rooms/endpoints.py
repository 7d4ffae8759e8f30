"""`/mutual_rooms`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.ids import check_user_id
from homeserver.protocol.requester import Requester
from homeserver.slices.mutual_rooms.service import MutualRooms


class MutualRoomEndpoints:
    """Rooms in common."""

    def __init__(self, mutual_rooms: MutualRooms) -> None:
        self._mutual_rooms = mutual_rooms

    @route("GET", "/_matrix/client/v1/mutual_rooms", access=Access.USER)
    async def mutual_rooms(self, request: Request, requester: Requester) -> Json:
        """The rooms that the requester shares with another user.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mutual_rooms
        """
        other = request.query.required("user_id")
        check_user_id(other)
        return await self._mutual_rooms.page(requester.user_id, other, request.query.find("from"))
