"""`/relations` and `/threads`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.requester import Requester
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.tokens import Place
from homeserver.slices.relations.queries import Wanted
from homeserver.slices.relations.service import ChildrenPage, Relations

_ROOM = "/_matrix/client/v1/rooms/{roomId}"
_MOST_A_PAGE = 500

GetReadableRoom = Callable[[str, str | None, Requester], Awaitable[RoomRecord]]
"""(room id, event id or None): the room, if the requester may read it (and see the event); raises `MatrixError`."""

FindPlace = Callable[[RoomRecord, str], Awaitable[Place]]
"""The place a token stands for; 400 `M_INVALID_PARAM` for what is no token."""


class RelationEndpoints:
    """Children of events, and threads."""

    def __init__(self, relations: Relations, readable_room: GetReadableRoom, find_place: FindPlace) -> None:
        self._relations = relations
        self._readable_room = readable_room
        self._find_place = find_place

    @route(
        "GET",
        [
            f"{_ROOM}/relations/{{eventId}}",
            f"{_ROOM}/relations/{{eventId}}/{{relType}}",
            f"{_ROOM}/relations/{{eventId}}/{{relType}}/{{eventType}}",
        ],
        access=Access.GUEST,
    )
    async def children(self, request: Request, requester: Requester) -> Json:
        """The events that relate to one.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidrelationseventid
        """
        path, query = request.parameters, request.query
        room = await self._readable_room(path["roomId"], path["eventId"], requester)
        direction = query.find("dir") or "b"
        if direction not in ("b", "f"):
            raise invalid_param("dir: must be 'b' or 'f'.")
        page = ChildrenPage(
            parent_id=path["eventId"],
            wanted=Wanted(path.get("relType"), path.get("eventType")),
            start=await self._place(room, request, "from"),
            stop=await self._place(room, request, "to"),
            is_backward=direction == "b",
            limit=min(query.integer("limit", 50, 1), _MOST_A_PAGE),
            recurses=query.boolean("recurse"),
        )
        return await self._relations.children(room, page, requester)

    @route("GET", f"{_ROOM}/threads", access=Access.GUEST)
    async def threads(self, request: Request, requester: Requester) -> Json:
        """The threads of a room.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidthreads
        """
        query = request.query
        room = await self._readable_room(request.parameters["roomId"], None, requester)
        include = query.find("include") or "all"
        if include not in ("all", "participated"):
            raise invalid_param("include: must be 'all' or 'participated'.")
        page = (await self._place(room, request, "from"), min(query.integer("limit", 50, 1), _MOST_A_PAGE))
        return await self._relations.threads(room, requester, page, only_participated=include == "participated")

    async def _place(self, room: RoomRecord, request: Request, name: str) -> Place | None:
        text = request.query.find(name)
        return await self._find_place(room, text) if text else None
