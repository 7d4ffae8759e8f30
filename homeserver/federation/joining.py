"""Joining, leaving and knocking on rooms of other servers, and inviting their users.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.federation.identity import Identity
from homeserver.federation.pdu_checks import PduChecks, Refused
from homeserver.federation.remote_joins import MOST_SERVERS, RemoteJoins, most_telling
from homeserver.federation.templates import Templates, Wish
from homeserver.protocol.base64 import encode_base64
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.events import Event, NewEvent, new_event
from homeserver.protocol.hashing import reference_hash
from homeserver.protocol.stripped import read_stripped, stripped
from homeserver.rooms.importing import Importer
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.service import wall_clock_ms

logger = logging.getLogger(__name__)

Json = dict[str, Any]


class PeerHandshakes(Protocol):
    """What is asked of another server. Each raises `MatrixError` where it fails."""

    def healthy_first(self, servers: Sequence[str]) -> list[str]:
        """Servers in the order in which to try them."""

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
        self,
        joins: RemoteJoins,
        templates: Templates,
        peer: PeerHandshakes,
        checks: PduChecks,
        importer: Importer,
        identity: Identity,
    ) -> None:
        self._joins = joins
        self._templates = templates
        self._peer = peer
        self._checks = checks
        self._importer = importer
        self._identity = identity

    async def join(self, room_id: str, user_id: str, content: Json, via: Sequence[str]) -> str:
        """Join through the first server that lets the user in; the join event's id."""
        return await self._joins.join(Wish("join", room_id, user_id, content), via)

    async def leave(self, room_id: str, user_id: str, content: Json, via: Sequence[str]) -> None:
        """Leave through the first server that answers. If none does, the leave is recorded here alone."""
        for server in self._peer.healthy_first(via)[:MOST_SERVERS]:
            try:
                event = await self._templates.build(server, Wish("leave", room_id, user_id, content))
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
        for server in self._peer.healthy_first(via)[:MOST_SERVERS]:
            try:
                event = await self._templates.build(server, Wish("knock", room_id, user_id, content))
                told = await self._peer.send_knock(server, room_id, event.event_id, event.pdu)
            except MatrixError as error:
                errors.append(error)
                continue
            await self._importer.keep_own(event, [*read_stripped(told), stripped(event)])
            return event.event_id
        raise most_telling(errors, f"No server could be found through which to knock on {room_id}.")

    async def invite(self, room: RoomRecord, event: Event, room_state: list[Json]) -> Event:
        """Have the invited user's server sign an invite; 403 or 502 where it does not."""
        server = str(event.state_key).partition(":")[2]
        request = InviteRequest(room.room_id, event.event_id, room.version.version, event.pdu, room_state)
        signed = await self._peer.send_invite(server, request)
        (checked,) = await self._checks.check([{**event.pdu, "signatures": signed.get("signatures")}], room.version)
        if isinstance(checked, Refused) or checked.event_id != event.event_id:
            raise MatrixError(502, "M_UNKNOWN", f"{server} answered the invite with another event.")
        return checked

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
