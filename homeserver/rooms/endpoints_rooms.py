"""Creating rooms and sending events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, invalid_param, not_found, suspended
from homeserver.protocol.requester import Requester
from homeserver.rooms.creation import room_request
from homeserver.rooms.founding import Founding
from homeserver.rooms.policies import RoomPolicies
from homeserver.rooms.records import EventDraft
from homeserver.rooms.service import Rooms, TransactionKey

V3 = "/_matrix/client/v3"

FindProfile = Callable[[str], Awaitable[dict[str, str]]]
"""A local user's id to the `displayname` and `avatar_url` that go into member events."""

CheckRelation = Callable[[str, str, dict[str, Any]], Awaitable[None]]
"""(user id, event type, content); raises 400 where what the event says of another one may not be said."""

CheckAliases = Callable[[str, dict[str, Any], dict[str, Any]], Awaitable[None]]
"""(room id, old content, new content) of `m.room.canonical_alias`; raises 400 `M_BAD_ALIAS`."""


class RoomEndpoints:
    """`createRoom`, `send`, `state` (writing) and `redact`."""

    def __init__(
        self,
        rooms: Rooms,
        founding: Founding,
        profile: FindProfile,
        check_aliases: CheckAliases,
        policies: RoomPolicies,
        check_relation: CheckRelation,
    ) -> None:
        self._rooms = rooms
        self._founding = founding
        self._profile = profile
        self._check_aliases = check_aliases
        self._policies = policies
        self._check_relation = check_relation

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

    @route(
        "PUT", f"{V3}/rooms/{{roomId}}/send/{{eventType}}/{{txnId}}", access=Access.GUEST, limit="rc_message"
    )
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
        path, content = request.parameters, request.json_object()
        if path["eventType"] == "m.room.redaction":
            draft = await self._redaction(path["roomId"], _redacted_id(content), content, requester)
        elif requester.is_suspended:
            raise suspended()
        else:
            draft = EventDraft(path["eventType"], requester.user_id, content)
            if "m.relates_to" in content:
                await self._check_related(draft, key)
        return {"event_id": await self._rooms.send(path["roomId"], draft, requester, key)}

    async def _check_related(self, draft: EventDraft, key: TransactionKey | None) -> None:
        """What may be said of another event once may be repeated with the same transaction id."""
        try:
            await self._check_relation(draft.sender, draft.type, draft.content)
        except MatrixError:
            if key is None or not await self._rooms.was_sent(key):
                raise

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
        room_id, event_type, state_key = path["roomId"], path["eventType"], path.get("stateKey", "")
        content = request.json_object()
        if event_type == "m.room.canonical_alias" and state_key == "":
            await self._check_aliases(room_id, await self._old_content(room_id, (event_type, "")), content)
        draft = EventDraft(event_type, requester.user_id, content, state_key=state_key)
        return {"event_id": await self._rooms.send(room_id, draft, requester)}

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
        draft = await self._redaction(path["roomId"], path["eventId"], request.json_object(optional=True), requester)
        return {"event_id": await self._rooms.send(path["roomId"], draft, requester, key)}

    async def _redaction(
        self, room_id: str, event_id: str, content: dict[str, Any], requester: Requester
    ) -> EventDraft:
        """A redaction that the requester may send; who is suspended redacts their own events alone."""
        room = await self._rooms.get_room_of(room_id, requester.user_id)
        target = await self._rooms.find_event(event_id)
        if target is not None and target.event.room_id != room.room_id:
            raise invalid_param("The event is of another room.")
        if target is None:
            raise not_found("There is no such event in the room.")
        if requester.is_suspended and target.event.sender != requester.user_id:
            raise suspended()
        if target.event.type == "m.room.create":
            raise forbidden("The event that made the room cannot be redacted.")
        await self._rooms.check_may_redact(room, requester.user_id, target)
        if room.version.redacts_in_content:
            content = {**content, "redacts": event_id}
        return EventDraft("m.room.redaction", requester.user_id, content, redacts=event_id)

    async def _old_content(self, room_id: str, key: tuple[str, str]) -> dict[str, Any]:
        room = await self._rooms.find_room(room_id)
        event = None if room is None else await self._rooms.find_state_event(room.room_nid, key)
        return {} if event is None else dict(event.content)


def transaction_key(requester: Requester, scope: str, txn_id: str) -> TransactionKey:
    """The key of a request with a transaction id, scoped to the device."""
    return TransactionKey(requester.user_id, requester.device_id or "", scope, txn_id)


def _redacted_id(content: dict[str, Any]) -> str:
    redacts = content.get("redacts")
    if not isinstance(redacts, str):
        raise bad_json("redacts: must be an event id.")
    return redacts
