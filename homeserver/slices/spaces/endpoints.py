"""`/hierarchy` and `/room_summary`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.requester import Requester
from homeserver.slices.spaces.service import Spaces, Walk

V1 = "/_matrix/client/v1"
_UNSTABLE = "/_matrix/client/unstable/im.nheko.summary"
_MOST_A_PAGE = 50
_MOST_DEPTH = 10

ResolveAlias = Callable[[str], Awaitable[tuple[str, list[str]]]]
"""A room alias to (room id, servers that know it); 404 `M_NOT_FOUND`."""


class SpaceEndpoints:
    """Rooms seen from outside."""

    def __init__(self, spaces: Spaces, resolve: ResolveAlias) -> None:
        self._spaces = spaces
        self._resolve = resolve

    @route("GET", f"{V1}/rooms/{{roomId}}/hierarchy", access=Access.GUEST)
    async def hierarchy(self, request: Request, requester: Requester) -> Json:
        """The rooms of a space.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy
        """
        query = request.query
        walk = Walk(
            request.parameters["roomId"],
            min(query.integer("limit", _MOST_A_PAGE, 1), _MOST_A_PAGE),
            min(query.integer("max_depth", _MOST_DEPTH, 0), _MOST_DEPTH),
            query.boolean("suggested_only"),
        )
        token = query.find("from")
        if token:
            walk = replace(walk, offset=walk.read_token(token))
        return await self._spaces.hierarchy(walk, requester.user_id)

    @route(
        "GET",
        [
            f"{V1}/room_summary/{{roomIdOrAlias}}",
            f"{_UNSTABLE}/summary/{{roomIdOrAlias}}",
            f"{_UNSTABLE}/rooms/{{roomIdOrAlias}}/summary",
        ],
        access=Access.OPTIONAL,
    )
    async def summary(self, request: Request, requester: Requester | None) -> Json:
        """What a room shows of itself.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias
        """
        room_id = request.parameters["roomIdOrAlias"]
        via = request.query.all("via")
        if room_id.startswith("#"):
            room_id, servers = await self._resolve(room_id)
            via = [*via, *servers]
        elif not room_id.startswith("!"):
            raise invalid_param("Neither a room id nor a room alias.")
        return await self._spaces.summary(room_id, via, None if requester is None else requester.user_id)
