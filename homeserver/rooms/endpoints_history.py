"""Reading rooms: state, members, events, history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.filters import decode_filter, event_matcher
from homeserver.protocol.requester import Requester
from homeserver.rooms.endpoints_rooms import V3
from homeserver.rooms.reading import Page, RoomReading, Surroundings
from homeserver.rooms.records import Fetched
from homeserver.rooms.tokens import PlaceToken, parse_token

FillGaps = Callable[[str, Sequence[str]], Awaitable[Fetched]]
"""(room id, missing event ids): fetch history from other servers."""

Pause = Callable[[], Awaitable[None]]
"""Wait a little before a client is told to try again."""

MOST_EVENTS_A_PAGE = 1_000
#: How often other servers are asked for what is missing within one page.
_MOST_FILLS = 10


class HistoryEndpoints:
    """The endpoints that read one room."""

    def __init__(self, reading: RoomReading, fill_gaps: FillGaps, pause: Pause) -> None:
        self._reading = reading
        self._fill_gaps = fill_gaps
        self._pause = pause

    @route("GET", f"{V3}/rooms/{{roomId}}/state", access=Access.GUEST)
    async def state(self, request: Request, requester: Requester) -> Json:
        """All state of a room.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate
        """
        return await self._reading.whole_state(request.parameters["roomId"], requester)

    @route(
        "GET",
        [
            f"{V3}/rooms/{{roomId}}/state/{{eventType}}",
            f"{V3}/rooms/{{roomId}}/state/{{eventType}}/",
            f"{V3}/rooms/{{roomId}}/state/{{eventType}}/{{stateKey}}",
        ],
        access=Access.GUEST,
    )
    async def state_event(self, request: Request, requester: Requester) -> Json:
        """One state event's content, or with `format=event` all of it.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstateeventtypestatekey
        """
        path = request.parameters
        key = (path["eventType"], path.get("stateKey", ""))
        content, whole = await self._reading.state_event(path["roomId"], key, requester)
        return whole if request.query.find("format") == "event" else content

    @route("GET", f"{V3}/rooms/{{roomId}}/members", access=Access.GUEST)
    async def members(self, request: Request, requester: Requester) -> Json:
        """The member events of a room.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmembers
        """
        wanted, unwanted = request.query.find("membership"), request.query.find("not_membership")

        def keep(membership: str) -> bool:
            if wanted is None and unwanted is None:
                return True
            return membership == wanted or (unwanted is not None and membership != unwanted)

        at = _token(request, "at")
        return {"chunk": await self._reading.members(request.parameters["roomId"], requester, at, keep)}

    @route("GET", f"{V3}/rooms/{{roomId}}/joined_members", access=Access.GUEST)
    async def joined_members(self, request: Request, requester: Requester) -> Json:
        """Names and pictures of everybody joined.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidjoined_members
        """
        return {"joined": await self._reading.joined_members(request.parameters["roomId"], requester)}

    @route("GET", f"{V3}/rooms/{{roomId}}/event/{{eventId}}", access=Access.GUEST)
    async def event(self, request: Request, requester: Requester) -> Json:
        """One event.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomideventeventid
        """
        return await self._reading.event(request.parameters["roomId"], request.parameters["eventId"], requester)

    @route("GET", f"{V3}/rooms/{{roomId}}/context/{{eventId}}", access=Access.GUEST)
    async def context(self, request: Request, requester: Requester) -> Json:
        """An event and its surroundings.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidcontexteventid
        """
        path = request.parameters
        wanted, lazy_members = _filter(request)
        around = Surroundings(path["eventId"], request.query.integer("limit", 10, 0, 100), wanted, lazy_members)
        return await self._reading.context(path["roomId"], around, requester)

    @route("GET", f"{V3}/rooms/{{roomId}}/messages", access=Access.GUEST)
    async def messages(self, request: Request, requester: Requester) -> Json:
        """One page of a room's history; what is missing of it is fetched from other servers.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages
        """
        room_id, page = request.parameters["roomId"], _page(request)
        answer = await self._reading.page(room_id, page, requester)
        fetched = Fetched.NOTHING
        for _ in range(_MOST_FILLS):
            fetched = await self._fill_gaps(room_id, answer.gaps) if answer.gaps else Fetched.NOTHING
            if fetched is not Fetched.SOME:
                break
            answer = await self._reading.page(room_id, page, requester)
        end = answer.end
        if end is None and fetched is Fetched.LATER:
            # There is more, which the same token finds once a server is back. Who asks again at once is slowed down.
            await self._pause()
            end = answer.start
        body = {"chunk": answer.chunk, "start": answer.start}
        if end is not None:
            body["end"] = end
        if answer.state:
            body["state"] = answer.state
        return body


def _page(request: Request) -> Page:
    direction = request.query.find("dir") or "b"
    if direction not in ("b", "f"):
        raise invalid_param("dir: must be 'b' or 'f'.")
    limit = request.query.integer("limit", 10, 0, MOST_EVENTS_A_PAGE)
    wanted, lazy_members = _filter(request)
    return Page(
        start=_token(request, "from"),
        stop=_token(request, "to"),
        is_backward=direction == "b",
        limit=limit,
        is_wanted=wanted,
        lazy_members=lazy_members,
    )


def _filter(request: Request) -> tuple[Callable[[dict[str, Any]], bool] | None, bool]:
    """(what says whether an event is wanted, whether members are to be loaded lazily) of a `RoomEventFilter`."""
    text = request.query.find("filter")
    if not text:
        return None, False
    room_filter = decode_filter(text)
    return event_matcher(room_filter), room_filter.get("lazy_load_members") is True


def _token(request: Request, name: str) -> PlaceToken | None:
    text = request.query.find(name)
    return parse_token(text) if text else None
