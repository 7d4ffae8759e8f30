"""`/account_data` and `/tags`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, invalid_param
from homeserver.protocol.ids import check_room_id
from homeserver.protocol.requester import Requester
from homeserver.slices.account_data.service import GLOBAL, AccountData

_USER = "/_matrix/client/v3/user/{userId}"
_ROOM = f"{_USER}/rooms/{{roomId}}"
_MOST_BYTES = 1024 * 1024

PushRulesContent = Callable[[str], Awaitable[dict[str, Any]]]
"""A user's id to the content of `m.push_rules`, which is kept elsewhere."""

_OF_THE_SERVER = {
    "m.fully_read": "POST /rooms/{roomId}/read_markers",
    "m.push_rules": "the endpoints below /pushrules",
}


class AccountDataEndpoints:
    """Account data, and the room tags that are kept in it."""

    def __init__(self, account_data: AccountData, push_rules_content: PushRulesContent) -> None:
        self._account_data = account_data
        self._push_rules_content = push_rules_content

    @route("GET", f"{_USER}/account_data/{{type}}")
    async def account_data(self, request: Request, requester: Requester) -> Json:
        """Account data that belongs to no room.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridaccount_datatype
        """
        _check_own(request, requester)
        data_type = request.parameters["type"]
        if data_type == "m.push_rules":
            return await self._push_rules_content(requester.user_id)
        return await self._account_data.get_content(requester.user_id, GLOBAL, data_type)

    @route("PUT", f"{_USER}/account_data/{{type}}", max_body_bytes=_MOST_BYTES)
    async def set_account_data(self, request: Request, requester: Requester) -> Json:
        """Set account data that belongs to no room.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridaccount_datatype
        """
        _check_own(request, requester)
        data_type = _settable_type(request)
        await self._account_data.put_content(requester.user_id, GLOBAL, data_type, request.json_object())
        return {}

    @route("GET", f"{_ROOM}/account_data/{{type}}")
    async def room_account_data(self, request: Request, requester: Requester) -> Json:
        """Account data of a room.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridroomsroomidaccount_datatype
        """
        room_id = _own_room(request, requester)
        return await self._account_data.get_content(requester.user_id, room_id, request.parameters["type"])

    @route("PUT", f"{_ROOM}/account_data/{{type}}", max_body_bytes=_MOST_BYTES)
    async def set_room_account_data(self, request: Request, requester: Requester) -> Json:
        """Set account data of a room.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridroomsroomidaccount_datatype
        """
        room_id = _own_room(request, requester)
        data_type = _settable_type(request)
        await self._account_data.put_content(requester.user_id, room_id, data_type, request.json_object())
        return {}

    @route("GET", f"{_ROOM}/tags")
    async def tags(self, request: Request, requester: Requester) -> Json:
        """The tags of a room.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridroomsroomidtags
        """
        room_id = _own_room(request, requester)
        return {"tags": await self._account_data.tags(requester.user_id, room_id)}

    @route("PUT", f"{_ROOM}/tags/{{tag}}", max_body_bytes=_MOST_BYTES)
    async def put_tag(self, request: Request, requester: Requester) -> Json:
        """Tag a room.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridroomsroomidtagstag
        """
        room_id, about = _own_room(request, requester), request.json_object()
        order = about.get("order", 0)
        if not isinstance(order, int | float) or isinstance(order, bool):
            raise bad_json("order: must be a number.")
        if not 0 <= order <= 1:
            raise invalid_param("order: must be from 0 to 1.")
        await self._account_data.put_tag(requester.user_id, room_id, request.parameters["tag"], about)
        return {}

    @route("DELETE", f"{_ROOM}/tags/{{tag}}")
    async def delete_tag(self, request: Request, requester: Requester) -> Json:
        """Take a tag off a room.

        https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3useruseridroomsroomidtagstag
        """
        room_id = _own_room(request, requester)
        await self._account_data.delete_tag(requester.user_id, room_id, request.parameters["tag"])
        return {}


def _check_own(request: Request, requester: Requester) -> None:
    if request.parameters["userId"] != requester.user_id:
        raise forbidden("You can only read and set your own account data.")


def _own_room(request: Request, requester: Requester) -> str:
    _check_own(request, requester)
    room_id = request.parameters["roomId"]
    check_room_id(room_id)
    return room_id


def _settable_type(request: Request) -> str:
    data_type = request.parameters["type"]
    instead = _OF_THE_SERVER.get(data_type)
    if instead is not None:
        raise MatrixError(405, "M_BAD_JSON", f"{data_type} is not set here, but with {instead}.")
    return data_type
