"""Joining, leaving and knocking on rooms of other servers, and inviting their users.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.federation.admission import Admission
from homeserver.federation.identity import Identity
from homeserver.federation.pdu_checks import PduChecks, Refused
from homeserver.protocol.base64 import encode_base64
from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.protocol.events import Event, InvalidEvent, NewEvent, new_event
from homeserver.protocol.hashing import reference_hash
from homeserver.protocol.room_versions import ROOM_VERSIONS, RoomVersion
from homeserver.protocol.stripped import read_stripped, stripped
from homeserver.rooms.importing import Importer, JoinedRoom
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.service import wall_clock_ms

logger = logging.getLogger(__name__)

Json = dict[str, Any]

_MOST_SERVERS = 8
_MOST_REFERENCES = 20


class PeerHandshakes(Protocol):
    """What is asked of another server. Each raises `MatrixError` where it fails."""

    async def make_membership(
        self, destination: str, membership: str, room_id: str, user_id: str, versions: Sequence[str]
    ) -> tuple[Json, str]:
        """(template, room version) of a `join`, `leave` or `knock`."""

    async def send_join(self, destination: str, room_id: str, event_id: str, pdu: Json) -> Json:
        """`{"state", "auth_chain", "event"?}`."""

    async def send_leave(self, destination: str, room_id: str, event_id: str, pdu: Json) -> None:
        """Deliver a leave."""

    async def send_knock(self, destination: str, room_id: str, event_id: str, pdu: Json) -> list[Json]:
        """Deliver a knock; state that tells the room, whole events or stripped ones."""

    async def send_invite(self, destination: str, invite: InviteRequest) -> Json:
        """Deliver an invite; the PDU with the other server's signature."""


@dataclass(frozen=True, slots=True)
class InviteRequest:
    """An invite as it is sent to the invited user's server. `stripped`: whole events that tell the room."""

    room_id: str
    event_id: str
    version: str
    pdu: Json
    stripped: list[Json]


class Joining:
    """Changes memberships in rooms that this server is not in, with the help of servers that are."""

    def __init__(
        self, admission: Admission, peer: PeerHandshakes, checks: PduChecks, importer: Importer, identity: Identity
    ) -> None:
        self._admission = admission
        self._peer = peer
        self._checks = checks
        self._importer = importer
        self._identity = identity

    async def join(self, room_id: str, user_id: str, content: Json, via: Sequence[str]) -> str:
        """Join through the first server that lets the user in; the join event's id."""
        errors: list[MatrixError] = []
        for server in via[:_MOST_SERVERS]:
            try:
                return await self._join_via(server, room_id, user_id, content)
            except MatrixError as error:
                logger.info("joining %s through %s failed: %s", room_id, server, error.message)
                errors.append(error)
        raise _most_telling(errors, f"No server could be found through which to join {room_id}.")

    async def leave(self, room_id: str, user_id: str, content: Json, via: Sequence[str]) -> None:
        """Leave through the first server that answers. If none does, the leave is recorded here alone."""
        for server in via[:_MOST_SERVERS]:
            try:
                event = await self._built(server, "leave", room_id, user_id, content)
                await self._peer.send_leave(server, room_id, event.event_id, event.pdu)
            except MatrixError as error:
                logger.info("leaving %s through %s failed: %s", room_id, server, error.message)
                continue
            await self._importer.keep_own(event, None)
            return
        before = await self._importer.find_membership_event(room_id, user_id)
        if before is not None:
            await self._importer.keep_own(self._leave_after(before, content), None)

    async def knock(self, room_id: str, user_id: str, content: Json, via: Sequence[str]) -> str:
        """Knock through the first server that takes it; the knock event's id."""
        errors: list[MatrixError] = []
        for server in via[:_MOST_SERVERS]:
            try:
                event = await self._built(server, "knock", room_id, user_id, content)
                told = await self._peer.send_knock(server, room_id, event.event_id, event.pdu)
            except MatrixError as error:
                errors.append(error)
                continue
            await self._importer.keep_own(event, [*read_stripped(told), stripped(event)])
            return event.event_id
        raise _most_telling(errors, f"No server could be found through which to knock on {room_id}.")

    async def invite(self, room: RoomRecord, event: Event, room_state: list[Json]) -> Event:
        """Have the invited user's server sign an invite; 403 or 502 where it does not."""
        server = str(event.state_key).partition(":")[2]
        request = InviteRequest(room.room_id, event.event_id, room.version.version, event.pdu, room_state)
        signed = await self._peer.send_invite(server, request)
        (checked,) = await self._checks.check([{**event.pdu, "signatures": signed.get("signatures")}], room.version)
        if isinstance(checked, Refused) or checked.event_id != event.event_id:
            raise MatrixError(502, "M_UNKNOWN", f"{server} answered the invite with another event.")
        return checked

    async def _join_via(self, server: str, room_id: str, user_id: str, content: Json) -> str:
        event = await self._built(server, "join", room_id, user_id, content)
        with self._admission.joining(room_id, event.version):
            answer = await self._peer.send_join(server, room_id, event.event_id, event.pdu)
            joined = await self._checked(server, event, answer)
            await self._importer.join(joined)
        return event.event_id

    def _leave_after(self, before: Event, content: Json) -> Event:
        """A leave that no server was there to make a template of, for this server's users alone."""
        version = before.version
        hashes = {}
        if version.references_are_pairs:
            hashes[before.event_id] = encode_base64(reference_hash(before.pdu, version))
        draft = NewEvent(
            room_id=before.room_id,
            type="m.room.member",
            sender=str(before.state_key),
            state_key=before.state_key,
            content={**content, "membership": "leave"},
            depth=min(before.depth + 1, 2**53 - 1),
            origin_server_ts=wall_clock_ms(),
            prev_events=[before.event_id],
            auth_events=[before.event_id],
            reference_hashes=hashes,
        )
        return new_event(draft, version, lambda pdu: self._identity.sign_event(pdu, version))

    async def _built(self, server: str, membership: str, room_id: str, user_id: str, content: Json) -> Event:
        """Ask for a template, and build and sign an event of our own from those of its fields that may differ."""
        template, version_id = await self._peer.make_membership(
            server, membership, room_id, user_id, list(ROOM_VERSIONS)
        )
        version = ROOM_VERSIONS.get(version_id)
        if version is None:
            raise MatrixError(
                400,
                "M_UNSUPPORTED_ROOM_VERSION",
                f"The room's version {version_id!r} is not supported.",
                room_version=version_id,
            )
        if membership == "join" and version.restricted_joins:
            authoriser = _content(template).get("join_authorised_via_users_server")
            if isinstance(authoriser, str):
                content = {**content, "join_authorised_via_users_server": authoriser}
        draft = NewEvent(
            room_id=room_id,
            type="m.room.member",
            sender=user_id,
            state_key=user_id,
            content={**content, "membership": membership},
            depth=_depth(template),
            origin_server_ts=wall_clock_ms(),
            prev_events=_references(template, "prev_events", version),
            auth_events=_references(template, "auth_events", version),
            reference_hashes=_hashes(template, version),
        )
        try:
            return new_event(draft, version, lambda pdu: self._identity.sign_event(pdu, version))
        except InvalidEvent as error:
            raise MatrixError(502, "M_UNKNOWN", f"{server} gave a template that is no event: {error}.") from error

    async def _checked(self, server: str, event: Event, answer: Json) -> JoinedRoom:
        """The join's answer, its events checked; bad ones are dropped, but the create event must be there."""
        version = event.version
        own = event
        returned = answer.get("event")
        if isinstance(returned, dict) and "join_authorised_via_users_server" in event.content:
            (checked,) = await self._checks.check([returned], version)
            if isinstance(checked, Refused) or checked.event_id != event.event_id:
                raise MatrixError(502, "M_UNKNOWN", f"{server} answered the join with another event.")
            own = checked
        state = await self._checks.events(_list(answer, "state"), version, event.room_id)
        chain = await self._checks.events(_list(answer, "auth_chain"), version, event.room_id)
        create = next((one for one in [*state, *chain] if one.type == "m.room.create"), None)
        if create is None or create.content.get("room_version", "1") != version.version:
            raise MatrixError(502, "M_UNKNOWN", f"{server} gave a state without the right create event.")
        return JoinedRoom(own, tuple(state), tuple(chain))


def _most_telling(errors: list[MatrixError], otherwise: str) -> MatrixError:
    """The error to pass on: one that says why, before one that says that a server could not be reached."""
    for error in errors:
        if error.status in (400, 403, 404) and error.errcode != "M_UNRECOGNIZED":
            return MatrixError(error.status, error.errcode, error.message, **error.extra)
    return errors[0] if errors else not_found(otherwise)


def _content(template: Json) -> Json:
    content = template.get("content")
    return content if isinstance(content, dict) else {}


def _list(answer: Json, key: str) -> list[Any]:
    value = answer.get(key)
    if not isinstance(value, list):
        raise MatrixError(502, "M_UNKNOWN", f"The answer to the join has no {key}.")
    return value


def _depth(template: Json) -> int:
    depth = template.get("depth")
    if not isinstance(depth, int) or isinstance(depth, bool) or depth < 0:
        raise forbidden("The template has no depth.")
    return min(depth, 2**53 - 1)


def _references(template: Json, key: str, version: RoomVersion) -> list[str]:
    value = template.get(key)
    entries = value if isinstance(value, list) else []
    if version.references_are_pairs:
        entries = [entry[0] for entry in entries if isinstance(entry, list) and entry]
    return [entry for entry in entries if isinstance(entry, str)][:_MOST_REFERENCES]


def _hashes(template: Json, version: RoomVersion) -> dict[str, str]:
    """Room versions 1 and 2 cite events with their hashes."""
    if not version.references_are_pairs:
        return {}
    pairs = [entry for key in ("prev_events", "auth_events") for entry in template.get(key, []) or []]
    return {
        entry[0]: entry[1]["sha256"]
        for entry in pairs
        if isinstance(entry, list)
        and len(entry) == 2
        and isinstance(entry[0], str)
        and isinstance(entry[1], dict)
        and isinstance(entry[1].get("sha256"), str)
    }
