"""Asking other servers for joins, leaves, knocks and invites.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from homeserver.federation.calls import Call, Calls
from homeserver.federation.errors import BadAnswer, HttpAnswer
from homeserver.federation.settings import FederationSettings
from homeserver.federation.streaming import Sink, stream_lists
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol import canonical_json
from homeserver.protocol.ids import is_valid_server_name
from homeserver.protocol.room_versions import ROOM_VERSIONS

Json = dict[str, Any]

#: Room versions whose servers may know the first form of invites only.
_OLD_VERSIONS = frozenset({"1", "2"})
_MAX_STRIPPED = 100
_OLD_STATE_BYTES = 32 * 1024 * 1024
_JOIN_LISTS = frozenset({"state", "auth_chain"})


class Invite(Protocol):
    """An invite: what the path names, the room's version, the signed PDU, and state events to tell the room by."""

    @property
    def room_id(self) -> str: ...
    @property
    def event_id(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def pdu(self) -> Json: ...
    @property
    def stripped(self) -> list[Json]: ...


class _Template(msgspec.Struct):
    event: Json
    room_version: str = "1"


class _Joined(msgspec.Struct):
    state: list[Any]
    auth_chain: list[Any]
    event: Json | None = None


@dataclass(frozen=True, slots=True)
class JoinAnswer:
    """What an answer to a join has beside its lists of events. `event`: the join as the server signed it;
    `is_partial`: members are left out; then `servers` names the servers in the room."""

    event: Json | None
    is_partial: bool
    servers: tuple[str, ...]


class Join(Protocol):
    """A signed join."""

    @property
    def room_id(self) -> str: ...
    @property
    def event_id(self) -> str: ...
    @property
    def pdu(self) -> Json: ...


class _Knocked(msgspec.Struct):
    knock_room_state: list[Any] = []


class _Signed(msgspec.Struct):
    event: Json


class MembershipClient:
    """The handshakes. Every method raises `FederationError`."""

    def __init__(self, calls: Calls, settings: FederationSettings) -> None:
        self._calls = calls
        self._options = EgressOptions(total_ms=settings.request_timeout_ms)
        self._join_options = EgressOptions(total_ms=settings.join_timeout_ms, max_body_bytes=settings.state_bytes)
        self._old_options = EgressOptions(total_ms=settings.join_timeout_ms, max_body_bytes=_OLD_STATE_BYTES)

    def healthy_first(self, servers: Sequence[str]) -> list[str]:
        """Servers in the order in which to try them: those that could not be reached lately come last."""
        return sorted(servers, key=self._calls.is_left_alone)

    async def make_membership(
        self, destination: str, membership: str, room_id: str, user_id: str, versions: Sequence[str]
    ) -> tuple[Json, str]:
        """(template of a member event, room version) for a `join`, `leave` or `knock`.

        The template is for that user, room and membership; its other fields are as the server pleases. `versions` are
        named for joins and knocks, and the answer is one of them.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_joinroomiduserid
        """
        query = [] if membership == "leave" else [("ver", version) for version in versions]
        path = ("federation", "v1", f"make_{membership}", room_id, user_id)
        answer = await self._calls.ask(
            destination, Call("GET", path, query, options=self._options, is_asked_for=True), _Template
        )
        event = answer.event
        content = event.get("content")
        if (
            event.get("type") != "m.room.member"
            or event.get("room_id") != room_id
            or event.get("sender") != user_id
            or event.get("state_key") != user_id
            or not isinstance(content, dict)
            or content.get("membership") != membership
        ):
            raise BadAnswer(destination, f"its template is not for the {membership} it was asked for")
        if answer.room_version not in versions:
            raise BadAnswer(destination, "its template is for a room version it was not asked for")
        return event, answer.room_version

    async def send_join(self, destination: str, join: Join, sink: Sink, *, omit_members: bool) -> JoinAnswer:
        """Deliver a join. The elements of `state` and `auth_chain`, JSON texts that may be PDUs, go to the sink as they
        come. `omit_members`: whether the answer may leave members out.

        https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid
        """
        path = ("federation", "v2", "send_join", join.room_id, join.event_id)
        query = [("omit_members", "true" if omit_members else "false")]
        call = Call("PUT", path, query, join.pdu, self._join_options, is_asked_for=True)
        try:
            rest = await stream_lists(self._calls, destination, call, _JOIN_LISTS, sink)
        except HttpAnswer as error:
            if not _is_unknown_endpoint(error):
                raise
            return await self._send_old_join(destination, join, sink)
        event = rest.get("event")
        listed = rest.get("servers_in_room")
        names = listed if isinstance(listed, list) else []
        servers = [one for one in names if isinstance(one, str) and is_valid_server_name(one)]
        is_partial = omit_members and rest.get("members_omitted") is True
        if rest.get("members_omitted") is True and not (omit_members and servers):
            raise BadAnswer(destination, "its answer omits members, and was not to or names no servers")
        return JoinAnswer(event if isinstance(event, dict) else None, is_partial, tuple(servers))

    async def _send_old_join(self, destination: str, join: Join, sink: Sink) -> JoinAnswer:
        """The first form of it, of servers that have no other; small enough, for such servers have no large rooms."""
        call = Call(
            "PUT",
            ("federation", "v1", "send_join", join.room_id, join.event_id),
            (),
            join.pdu,
            self._old_options,
            is_asked_for=True,
        )
        _, answer = await self._calls.ask(destination, call, tuple[int, _Joined])
        for name, elements in (("state", answer.state), ("auth_chain", answer.auth_chain)):
            await sink.take([(name, json.dumps(element)) for element in elements])
        return JoinAnswer(answer.event, False, ())

    async def send_leave(self, destination: str, room_id: str, event_id: str, pdu: Mapping[str, Any]) -> None:
        """Deliver a leave.

        https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_leaveroomideventid
        """
        path = ("federation", "v2", "send_leave", room_id, event_id)
        try:
            await self._calls.ask(
                destination, Call("PUT", path, content=pdu, options=self._options, is_asked_for=True), Json
            )
        except HttpAnswer as error:
            if not _is_unknown_endpoint(error):
                raise
            call = Call("PUT", ("federation", "v1", *path[2:]), content=pdu, options=self._options, is_asked_for=True)
            await self._calls.ask(destination, call, tuple[int, Json])

    async def send_knock(self, destination: str, room_id: str, event_id: str, pdu: Mapping[str, Any]) -> list[Json]:
        """Deliver a knock; at most 100 events that tell the room, stripped or whole.

        https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1send_knockroomideventid
        """
        path = ("federation", "v1", "send_knock", room_id, event_id)
        answer = await self._calls.ask(
            destination, Call("PUT", path, content=pdu, options=self._options, is_asked_for=True), _Knocked
        )
        return [event for event in answer.knock_room_state[:_MAX_STRIPPED] if isinstance(event, dict)]

    async def send_invite(self, destination: str, invite: Invite) -> Json:
        """Deliver an invite; the PDU that was sent, with the other server's signatures, which are not checked here.

        https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2inviteroomideventid
        """
        path = ("federation", "v2", "invite", invite.room_id, invite.event_id)
        content = {"room_version": invite.version, "event": invite.pdu, "invite_room_state": invite.stripped}
        try:
            answer = await self._calls.ask(
                destination, Call("PUT", path, content=content, options=self._options, is_asked_for=True), _Signed
            )
        except HttpAnswer as error:
            if error.answer_status not in (400, 404) or invite.version not in _OLD_VERSIONS:
                raise
            answer = await self._send_old_invite(destination, invite)
        _check_strict(destination, invite.version, answer.event)
        return _with_signatures(destination, invite.pdu, answer.event)

    async def exchange_third_party_invite(self, destination: str, room_id: str, event: Mapping[str, Any]) -> None:
        """Have an inviting server make an invite of a partial member event whose `third_party_invite` is signed.

        https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1exchange_third_party_inviteroomid
        """
        path = ("federation", "v1", "exchange_third_party_invite", room_id)
        await self._calls.ask(
            destination, Call("PUT", path, content=event, options=self._options, is_asked_for=True), Json
        )

    async def _send_old_invite(self, destination: str, invite: Invite) -> _Signed:
        path = ("federation", "v1", "invite", invite.room_id, invite.event_id)
        content = {**invite.pdu, "unsigned": {"invite_room_state": invite.stripped}}
        _, answer = await self._calls.ask(
            destination,
            Call("PUT", path, content=content, options=self._options, is_asked_for=True),
            tuple[int, _Signed],
        )
        return answer


def _is_unknown_endpoint(error: HttpAnswer) -> bool:
    """Whether the server does not know the second form of an endpoint; old servers say so without an errcode."""
    return error.answer_status == 404 and error.answer.get("errcode") in (None, "M_UNRECOGNIZED")


def _check_strict(destination: str, version: str, returned: Json) -> None:
    """Raise 400 `M_BAD_JSON` where no event of the room version is of such JSON: to try again would be in vain."""
    if ROOM_VERSIONS[version].strict_canonical_json:
        try:
            canonical_json.encode(returned)
        except ValueError as error:
            raise BadAnswer(destination, "its answer to the invite is no canonical JSON", 400, "M_BAD_JSON") from error


def _with_signatures(destination: str, sent: Json, returned: Json) -> Json:
    """What was sent, with the signatures of the answer for other servers than those that had signed already."""
    outside = ("signatures", "unsigned")
    if {k: v for k, v in sent.items() if k not in outside} != {k: v for k, v in returned.items() if k not in outside}:
        raise BadAnswer(destination, "it answered the invite with another event")
    signatures = returned.get("signatures")
    added = {
        name: dict(by_key)
        for name, by_key in (signatures.items() if isinstance(signatures, dict) else ())
        if isinstance(by_key, dict) and all(isinstance(one, str) for one in by_key.values())
    }
    return {**sent, "signatures": {**added, **sent.get("signatures", {})}}
