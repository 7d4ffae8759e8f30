"""`/events` and `/initialSync`: the way of before `/sync`, and of looking into a room one has not joined."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import not_found
from homeserver.protocol.requester import Requester
from homeserver.sync.event_stream import MOST_EVENTS, EventStream
from homeserver.sync.initial_sync import InitialSync, RoomSource
from homeserver.sync.tokens import parse_sync_token

V3 = "/_matrix/client/v3"
_DEFAULT_LIMIT = 10
_MOST_LIMIT = 100


class EventStreamEndpoints:
    """Listening, and where to begin with it."""

    def __init__(self, events: EventStream, initial: InitialSync, rooms: RoomSource) -> None:
        self._events = events
        self._initial = initial
        self._rooms = rooms

    @route("GET", f"{V3}/events", access=Access.GUEST)
    async def events(self, request: Request, requester: Requester) -> Json:
        """Wait for new events: all that the user sees, or those of one room.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3events
        """
        query = request.query
        since, room_id = query.find("from"), query.find("room_id")
        token = parse_sync_token(since) if since else None
        timeout_ms = query.integer("timeout", 0, 0)
        limit = query.integer("limit", MOST_EVENTS, 1, MOST_EVENTS)
        if room_id is None:
            return await self._events.listen(requester, token, timeout_ms, limit)
        return await self._events.listen_to(room_id, requester, token, timeout_ms, limit)

    @route("GET", f"{V3}/events/{{eventId}}", access=Access.GUEST)
    async def event(self, request: Request, requester: Requester) -> Json:
        """One event.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3eventseventid
        """
        event_id = request.parameters["eventId"]
        stored = await self._rooms.rooms.find_event(event_id)
        if stored is None:
            raise not_found("There is no such event, or you may not see it.")
        return await self._rooms.reading.event(stored.event.room_id, event_id, requester)

    @route("GET", f"{V3}/initialSync", access=Access.GUEST)
    async def initial_sync(self, request: Request, requester: Requester) -> Json:
        """Everything there is.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3initialsync
        """
        limit = request.query.integer("limit", _DEFAULT_LIMIT, 0, _MOST_LIMIT)
        return await self._initial.everything(requester, limit, has_left=request.query.boolean("archived"))

    @route("GET", f"{V3}/rooms/{{roomId}}/initialSync", access=Access.GUEST)
    async def room_initial_sync(self, request: Request, requester: Requester) -> Json:
        """All of a room.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidinitialsync
        """
        limit = request.query.integer("limit", _DEFAULT_LIMIT, 0, _MOST_LIMIT)
        return await self._initial.of_room(request.parameters["roomId"], requester, limit)
