"""Aliases and public rooms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import bad_json, forbidden, invalid_param, missing_token
from homeserver.protocol.requester import Requester
from homeserver.slices.directory.public_rooms import MOST_A_PAGE, ListRequest, PublicRooms, list_request
from homeserver.slices.directory.service import Directory

V3 = "/_matrix/client/v3"

RemoteList = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""(server, body of `POST /publicRooms`) to its answer."""


class DirectoryEndpoints:
    """`/directory/room`, `/directory/list`, `/rooms/{}/aliases`, `/publicRooms`."""

    def __init__(
        self, directory: Directory, public_rooms: PublicRooms, remote_list: RemoteList, *, needs_token: bool
    ) -> None:
        self._directory = directory
        self._public_rooms = public_rooms
        self._remote_list = remote_list
        self._needs_token = needs_token

    @route("GET", f"{V3}/directory/room/{{roomAlias}}", access=Access.NONE)
    async def resolve(self, request: Request) -> Json:
        """Which room an alias leads to.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directoryroomroomalias
        """
        room_id, servers = await self._directory.resolve(request.parameters["roomAlias"])
        return {"room_id": room_id, "servers": servers}

    @route("PUT", f"{V3}/directory/room/{{roomAlias}}", refuses_suspended=True)
    async def add(self, request: Request, requester: Requester) -> Json:
        """Give a room an alias.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directoryroomroomalias
        """
        room_id = request.json_object().get("room_id")
        if not isinstance(room_id, str):
            raise bad_json("room_id: must be a room id.")
        await self._directory.add(request.parameters["roomAlias"], room_id, requester)
        return {}

    @route("DELETE", f"{V3}/directory/room/{{roomAlias}}", refuses_suspended=True)
    async def remove(self, request: Request, requester: Requester) -> Json:
        """Take an alias away.

        https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3directoryroomroomalias
        """
        await self._directory.remove(request.parameters["roomAlias"], requester)
        return {}

    @route("GET", f"{V3}/rooms/{{roomId}}/aliases")
    async def aliases(self, request: Request, requester: Requester) -> Json:
        """This server's aliases of a room.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidaliases
        """
        room_id = request.parameters["roomId"]
        if not await self._directory.may_list_aliases(room_id, requester.user_id):
            raise forbidden("You are not in the room.")
        return {"aliases": await self._directory.aliases_of(room_id)}

    @route("GET", f"{V3}/directory/list/room/{{roomId}}", access=Access.NONE)
    async def visibility(self, request: Request) -> Json:
        """Whether a room is listed.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directorylistroomroomid
        """
        listed = await self._directory.is_published(request.parameters["roomId"])
        return {"visibility": "public" if listed else "private"}

    @route("PUT", f"{V3}/directory/list/room/{{roomId}}", refuses_suspended=True)
    async def set_visibility(self, request: Request, requester: Requester) -> Json:
        """List a room, or take it off the list.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directorylistroomroomid
        """
        visibility = request.json_object(optional=True).get("visibility", "public")
        if visibility not in ("public", "private"):
            raise invalid_param("visibility: must be 'public' or 'private'.")
        await self._directory.set_published(request.parameters["roomId"], visibility == "public", requester)
        return {}

    @route("GET", f"{V3}/publicRooms", access=Access.OPTIONAL)
    async def public_rooms(self, request: Request, requester: Requester | None) -> Json:
        """The public rooms of this server or another.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3publicrooms
        """
        self._check_token(requester)
        limit = request.query.integer("limit", MOST_A_PAGE, 0, MOST_A_PAGE)
        wanted = ListRequest(limit or MOST_A_PAGE, request.query.find("since"))
        server = request.query.find("server")
        if server and not self._directory.is_own_name(server):
            body = {"limit": wanted.limit, **({"since": wanted.since} if wanted.since else {})}
            return await self._remote_list(server, body)
        return await self._public_rooms.page(wanted)

    @route("POST", f"{V3}/publicRooms", access=Access.OPTIONAL)
    async def search_public_rooms(self, request: Request, requester: Requester | None) -> Json:
        """The public rooms that fit a filter.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3publicrooms
        """
        self._check_token(requester)
        body = request.json_object(optional=True)
        wanted = list_request(body)
        server = request.query.find("server")
        if server and not self._directory.is_own_name(server):
            return await self._remote_list(server, body)
        return await self._public_rooms.page(wanted)

    def _check_token(self, requester: Requester | None) -> None:
        if requester is None and self._needs_token:
            raise missing_token()
