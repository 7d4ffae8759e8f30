"""Subscriptions to threads: one of them, and what changed of all.

https://github.com/matrix-org/matrix-spec-proposals/pull/4306 (one), 4308 (all)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError, bad_json, invalid_param, not_found
from homeserver.protocol.requester import Requester
from homeserver.rooms.records import RoomRecord
from homeserver.slices.thread_subscriptions.queries import Thread
from homeserver.slices.thread_subscriptions.service import ThreadSubscriptions

_CLIENT = "/_matrix/client/unstable"
_THREAD = f"{_CLIENT}/io.element.msc4306/rooms/{{roomId}}/thread/{{threadRootId}}/subscription"
_USUAL_A_PAGE = 100
_MOST_A_PAGE = 500
_MOST_CHARACTERS = 255

GetReadableRoom = Callable[[str, str | None, Requester], Awaitable[RoomRecord]]
"""(room id, event id or None): the room, if the requester may read it (and see the event); raises `MatrixError`."""


class ThreadSubscriptionEndpoints:
    """For the user alone: nobody else is told. A thread that the user may not see is none: 404 `M_NOT_FOUND`."""

    def __init__(self, subscriptions: ThreadSubscriptions, readable_room: GetReadableRoom) -> None:
        self._subscriptions = subscriptions
        self._readable_room = readable_room

    @route("GET", _THREAD, access=Access.USER)
    async def subscription(self, request: Request, requester: Requester) -> Json:
        """Whether the subscription is an automatic one; 404 `M_NOT_FOUND` where there is none."""
        room = await self._room(request, requester)
        thread = Thread(room.room_id, request.parameters["threadRootId"])
        return {"automatic": await self._subscriptions.is_automatic(requester.user_id, thread)}

    @route("PUT", _THREAD, access=Access.USER)
    async def subscribe(self, request: Request, requester: Requester) -> Json:
        """Subscribe. `automatic`: the event for the sake of which a client does that of its own accord."""
        cause_id = request.json_object().get("automatic")
        if not isinstance(cause_id, str | None):
            raise bad_json("automatic: must be the id of the event that is the cause.")
        if cause_id is not None and (len(cause_id) > _MOST_CHARACTERS or "\0" in cause_id):
            raise invalid_param("automatic: this is no event id.")
        room = await self._room(request, requester)
        await self._subscriptions.subscribe(requester.user_id, room, request.parameters["threadRootId"], cause_id)
        return {}

    @route("DELETE", _THREAD, access=Access.USER)
    async def unsubscribe(self, request: Request, requester: Requester) -> Json:
        """Unsubscribe."""
        room = await self._room(request, requester)
        await self._subscriptions.unsubscribe(
            requester.user_id, Thread(room.room_id, request.parameters["threadRootId"])
        )
        return {}

    @route("GET", f"{_CLIENT}/io.element.msc4308/thread_subscriptions", access=Access.USER)
    async def changes(self, request: Request, requester: Requester) -> Json:
        """What changed, the latest first: what an answer of sliding sync had no room for."""
        query = request.query
        if query.required("dir") != "b":
            raise invalid_param("dir: must be 'b'.")
        limit = query.integer("limit", _USUAL_A_PAGE, 1, _MOST_A_PAGE)
        return await self._subscriptions.page_back(requester.user_id, query.find("from"), query.find("to"), limit)

    async def _room(self, request: Request, requester: Requester) -> RoomRecord:
        path = request.parameters
        try:
            return await self._readable_room(path["roomId"], path["threadRootId"], requester)
        except MatrixError as error:
            if error.status not in (403, 404):
                raise
            raise not_found("There is no such thread, or you may not see it.") from None
