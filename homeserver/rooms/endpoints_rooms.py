"""Creating rooms and sending events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import suspended
from homeserver.protocol.requester import Requester
from homeserver.rooms.creation import room_request
from homeserver.rooms.drafting import Drafting, Wanted
from homeserver.rooms.founding import Founding
from homeserver.rooms.policies import RoomPolicies
from homeserver.rooms.service import Rooms, TransactionKey

V3 = "/_matrix/client/v3"

FindProfile = Callable[[str], Awaitable[dict[str, str]]]
"""A local user's id to the `displayname` and `avatar_url` that go into member events."""

Schedule = Callable[[Wanted, Requester, int, TransactionKey | None], Awaitable[str]]
"""(what, for whom, in how many milliseconds, the request's transaction): the id of an event that is sent later."""

_DELAY = "org.matrix.msc4140.delay"


class RoomEndpoints:
    """`createRoom`, `send`, `state` (writing) and `redact`."""

    def __init__(
        self,
        rooms: Rooms,
        founding: Founding,
        profile: FindProfile,
        policies: RoomPolicies,
        drafting: Drafting,
        schedule: Schedule,
    ) -> None:
        self._rooms = rooms
        self._founding = founding
        self._profile = profile
        self._policies = policies
        self._drafting = drafting
        self._schedule = schedule

    @route("POST", f"{V3}/createRoom", access=Access.USER, limit="rc_room_creation", refuses_suspended=True)
    async def create_room(self, request: Request, requester: Requester) -> Json:
        """Create a room.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom
        """
        wanted = room_request(
            requester.user_id,
            request.json_object(optional=True),
            default_version=self._policies.default_version,
            server_name=requester.user_id.partition(":")[2],
            profile=await self._profile(requester.user_id),
        )
        profiles = {user_id: await self._profile(user_id) for user_id in wanted.invite}
        wanted = replace(self._policies.applied(wanted), invited_profiles=profiles)
        return {"room_id": await self._founding.create(wanted, requester)}

    @route("PUT", f"{V3}/rooms/{{roomId}}/send/{{eventType}}/{{txnId}}", access=Access.GUEST, limit="rc_message")
    async def send(self, request: Request, requester: Requester) -> Json:
        """Send a message event to a room.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
        """
        path = request.parameters
        key = transaction_key(requester, f"send:{path['roomId']}:{path['eventType']}", path["txnId"])
        return await self._send(request, requester, key)

    @route("POST", f"{V3}/rooms/{{roomId}}/send/{{eventType}}", access=Access.GUEST, limit="rc_message")
    async def send_without_id(self, request: Request, requester: Requester) -> Json:
        """Send a message event as of before there were transaction ids; repeated, it is sent again."""
        return await self._send(request, requester, None)

    async def _send(self, request: Request, requester: Requester, key: TransactionKey | None) -> Json:
        path = request.parameters
        wanted = Wanted(path["roomId"], path["eventType"], request.json_object())
        return await self._now_or_later(request, requester, wanted, key)

    async def _now_or_later(
        self, request: Request, requester: Requester, wanted: Wanted, key: TransactionKey | None
    ) -> Json:
        """Send it, or keep it for later where the request has a delay.

        https://github.com/matrix-org/matrix-spec-proposals/pull/4140
        """
        delay_ms = request.query.find_integer(_DELAY, 1)
        if delay_ms is not None:
            if requester.is_suspended:
                raise suspended()
            return {"delay_id": await self._schedule(wanted, requester, delay_ms, key)}
        draft = await self._drafting.draft(wanted, requester, key)
        return {"event_id": await self._rooms.send(wanted.room_id, draft, requester, key)}

    @route(
        "PUT",
        [
            f"{V3}/rooms/{{roomId}}/state/{{eventType}}",
            f"{V3}/rooms/{{roomId}}/state/{{eventType}}/",
            f"{V3}/rooms/{{roomId}}/state/{{eventType}}/{{stateKey}}",
        ],
        access=Access.GUEST,
        limit="rc_message",
        refuses_suspended=True,
    )
    async def set_state(self, request: Request, requester: Requester) -> Json:
        """Set state of a room.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey
        """
        path = request.parameters
        wanted = Wanted(path["roomId"], path["eventType"], request.json_object(), path.get("stateKey", ""))
        return await self._now_or_later(request, requester, wanted, None)

    @route("PUT", f"{V3}/rooms/{{roomId}}/redact/{{eventId}}/{{txnId}}", access=Access.GUEST, limit="rc_message")
    async def redact(self, request: Request, requester: Requester) -> Json:
        """Strip an event of its content.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidredacteventidtxnid
        """
        path = request.parameters
        key = transaction_key(requester, f"redact:{path['roomId']}:{path['eventId']}", path["txnId"])
        return await self._redact(request, requester, key)

    @route("POST", f"{V3}/rooms/{{roomId}}/redact/{{eventId}}", access=Access.GUEST, limit="rc_message")
    async def redact_without_id(self, request: Request, requester: Requester) -> Json:
        """The same as of before there were transaction ids."""
        return await self._redact(request, requester, None)

    async def _redact(self, request: Request, requester: Requester, key: TransactionKey | None) -> Json:
        path = request.parameters
        content = request.json_object(optional=True)
        draft = await self._drafting.redaction(path["roomId"], path["eventId"], content, requester)
        return {"event_id": await self._rooms.send(path["roomId"], draft, requester, key)}


def transaction_key(requester: Requester, scope: str, txn_id: str) -> TransactionKey:
    """The key of a request with a transaction id, scoped to the device."""
    return TransactionKey(requester.user_id, requester.device_id or "", scope, txn_id)
