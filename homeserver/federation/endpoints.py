"""The server-server API: transactions, handshakes and reads.

https://spec.matrix.org/v1.19/server-server-api/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from homeserver.federation.invited import Invited, ReceivedInvite
from homeserver.federation.resident import Handshake, Resident
from homeserver.federation.serving import Serving
from homeserver.federation.transactions import Transactions
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError, bad_json, forbidden

V1 = "/_matrix/federation/v1"
V2 = "/_matrix/federation/v2"


class TransactionEndpoints:
    """`/send`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    @route("PUT", f"{V1}/send/{{txnId}}", access=Access.SERVER)
    async def send(self, request: Request, origin: str) -> Json:
        """Receive PDUs and EDUs.

        https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid
        """
        return await self._transactions.receive(origin, request.parameters["txnId"], request.json_object())


class HandshakeEndpoints:
    """`/make_*`, `/send_*` and `/invite`."""

    def __init__(self, resident: Resident, invited: Invited) -> None:
        self._resident = resident
        self._invited = invited

    @route("GET", f"{V1}/make_join/{{roomId}}/{{userId}}", access=Access.SERVER)
    async def make_join(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_joinroomiduserid"""
        return await self._make(request, origin, "join")

    @route("GET", f"{V1}/make_leave/{{roomId}}/{{userId}}", access=Access.SERVER)
    async def make_leave(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_leaveroomiduserid"""
        return await self._make(request, origin, "leave")

    @route("GET", f"{V1}/make_knock/{{roomId}}/{{userId}}", access=Access.SERVER)
    async def make_knock(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_knockroomiduserid"""
        return await self._make(request, origin, "knock")

    @route("PUT", f"{V2}/send_join/{{roomId}}/{{eventId}}", access=Access.SERVER)
    async def send_join(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid"""
        return await self._join(request, origin)

    @route("PUT", f"{V1}/send_join/{{roomId}}/{{eventId}}", access=Access.SERVER)
    async def send_join_v1(self, request: Request, origin: str) -> Json:
        """The first form of `send_join`, which older servers use: the answer stands in a list after the status."""
        with _answered_as_in_v1():
            return [200, await self._join(request, origin)]

    @route("PUT", f"{V2}/send_leave/{{roomId}}/{{eventId}}", access=Access.SERVER)
    async def send_leave(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_leaveroomideventid"""
        await self._send(request, origin, "leave")
        return {}

    @route("PUT", f"{V1}/send_leave/{{roomId}}/{{eventId}}", access=Access.SERVER)
    async def send_leave_v1(self, request: Request, origin: str) -> Json:
        """The first form of `send_leave`."""
        with _answered_as_in_v1():
            await self._send(request, origin, "leave")
        return [200, {}]

    @route("PUT", f"{V1}/send_knock/{{roomId}}/{{eventId}}", access=Access.SERVER)
    async def send_knock(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1send_knockroomideventid"""
        return await self._resident.knock_answer(await self._send(request, origin, "knock"))

    @route("PUT", f"{V2}/invite/{{roomId}}/{{eventId}}", access=Access.SERVER)
    async def invite(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2inviteroomideventid"""
        body, path = request.json_object(), request.parameters
        version = body.get("room_version")
        if not isinstance(version, str):
            raise bad_json("room_version: must be a string.")
        received = ReceivedInvite(
            origin, path["roomId"], path["eventId"], version, body.get("event"), body.get("invite_room_state")
        )
        return {"event": await self._invited.receive(received)}

    @route("PUT", f"{V1}/invite/{{roomId}}/{{eventId}}", access=Access.SERVER)
    async def invite_v1(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1inviteroomideventid"""
        pdu, path = request.json_object(), request.parameters
        unsigned = pdu.get("unsigned")
        state = unsigned.get("invite_room_state") if isinstance(unsigned, dict) else None
        received = ReceivedInvite(origin, path["roomId"], path["eventId"], "1", pdu, state)
        with _answered_as_in_v1():
            return [200, {"event": await self._invited.receive(received)}]

    async def _make(self, request: Request, origin: str, membership: str) -> dict[str, Any]:
        path = request.parameters
        versions = tuple(request.query.all("ver"))
        return await self._resident.make(Handshake(origin, path["roomId"], path["userId"], membership, versions))

    async def _join(self, request: Request, origin: str) -> dict[str, Any]:
        stored = await self._send(request, origin, "join")
        omit_members = request.query.boolean("omit_members")
        return await self._resident.join_answer(request.parameters["roomId"], stored, omit_members=omit_members)

    async def _send(self, request: Request, origin: str, membership: str) -> Any:
        path, pdu = request.parameters, request.json_object()
        handshake = Handshake(origin, path["roomId"], str(pdu.get("state_key")), membership)
        return await self._resident.send(handshake, path["eventId"], pdu)


class ReadEndpoints:
    """Reads of rooms."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    @route("GET", f"{V1}/event/{{eventId}}", access=Access.SERVER)
    async def event(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1eventeventid"""
        return await self._serving.event(origin, request.parameters["eventId"])

    @route("GET", f"{V1}/state/{{roomId}}", access=Access.SERVER)
    async def state(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1stateroomid"""
        return await self._serving.state(origin, request.parameters["roomId"], request.query.required("event_id"))

    @route("GET", f"{V1}/state_ids/{{roomId}}", access=Access.SERVER)
    async def state_ids(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1state_idsroomid"""
        return await self._serving.state_ids(origin, request.parameters["roomId"], request.query.required("event_id"))

    @route("GET", f"{V1}/event_auth/{{roomId}}/{{eventId}}", access=Access.SERVER)
    async def event_auth(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1event_authroomideventid"""
        return await self._serving.event_auth(origin, request.parameters["roomId"], request.parameters["eventId"])

    @route("GET", f"{V1}/backfill/{{roomId}}", access=Access.SERVER)
    async def backfill(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1backfillroomid"""
        limit = request.query.integer("limit", 10, 1)
        events = request.query.all("v")
        if not events:
            request.query.required("v")
        return await self._serving.backfill(origin, request.parameters["roomId"], events, limit)

    @route("POST", f"{V1}/get_missing_events/{{roomId}}", access=Access.SERVER)
    async def missing_events(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1get_missing_eventsroomid"""
        await self._serving.get_room_once_shared(request.parameters["roomId"], origin)
        body = request.json_object()
        earliest, latest = _ids(body, "earliest_events"), _ids(body, "latest_events")
        limits = (_count(body, "limit", 10), _count(body, "min_depth", 0))
        return await self._serving.missing_events(origin, request.parameters["roomId"], (earliest, latest), limits)


@contextmanager
def _answered_as_in_v1() -> Iterator[None]:
    """The first forms say 403 `M_FORBIDDEN` where the second ones say `M_INVALID_PARAM`."""
    try:
        yield
    except MatrixError as error:
        raise forbidden(error.message) if error.errcode == "M_INVALID_PARAM" else error from error


def _ids(body: dict[str, Any], key: str) -> list[str]:
    """Event ids; without the list, which is required but which not all send, there is nothing to go from."""
    value = body.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and "\0" not in one for one in value):
        raise bad_json(f"{key}: must be a list of event ids.")
    return value[:100]


def _count(body: dict[str, Any], key: str, otherwise: int) -> int:
    value = body.get(key, otherwise)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise bad_json(f"{key}: must be a number.")
    return value
