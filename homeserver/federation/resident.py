"""The resident server's part in joins, leaves, knocks and invites: templates out, signed events in.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.federation.admission import Admission
from homeserver.federation.arrivals import Arrivals
from homeserver.federation.identity import Identity
from homeserver.federation.join_answers import JoinAnswers
from homeserver.federation.pdu_checks import PduChecks, check_not_refused
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, invalid_param, not_found
from homeserver.protocol.events import Event, InvalidEvent, parse_event
from homeserver.rooms import queries_members
from homeserver.rooms.invites import invite_events
from homeserver.rooms.kernel import RoomParts, room_lock
from homeserver.rooms.receiving import Arrival
from homeserver.rooms.records import EventDraft, RoomRecord, Status, StoredEvent
from homeserver.rooms.restricted import authorising_user
from homeserver.rooms.service import Rooms, wall_clock_ms

Json = dict[str, Any]

_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Handshake:
    """What another server asks for: `membership` is `join`, `leave` or `knock`, of its own user."""

    origin: str
    room_id: str
    user_id: str
    membership: str
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """What a signed event has to pass on its way in."""

    admission: Admission
    checks: PduChecks
    arrivals: Arrivals


class Resident:
    """Lets other servers' users in and out of rooms this server is in."""

    def __init__(self, database: Database, rooms: Rooms, parts: RoomParts, intake: Intake, identity: Identity) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts
        self._intake = intake
        self._answers = JoinAnswers(parts, identity.server_name)
        self._server_name = identity.server_name
        self._sign = identity.sign_event

    async def get_room_for(self, room_id: str, origin: str, *, is_past_enough: bool = False) -> RoomRecord:
        """A room this server is in, or was; 404 otherwise, 403 where its access control list shuts the origin out."""
        room = await self._intake.admission.find_joined(room_id)
        if room is None and is_past_enough:
            room = await self._find_left(room_id)
        if room is None:
            raise not_found("This server is not in the room.")
        await self._intake.admission.check_may_take_part(room_id, origin)
        return room

    async def _find_left(self, room_id: str) -> RoomRecord | None:
        room = await self._rooms.find_room(room_id)
        if room is None:
            return None
        has_been_in = await self._database.glance(queries_members.has_been_in, room.room_nid, self._server_name)
        return room if has_been_in else None

    async def check_is_whole(self, room: RoomRecord) -> None:
        """404 where this server does not soon know all members of a room: others do."""
        if not await self._rooms.partial.is_whole_within(room.room_nid, _PATIENCE_S):
            raise not_found("This server is only just joining the room; ask another one.")

    async def make(self, handshake: Handshake) -> Json:
        """The template of a membership event: `{"event", "room_version"}`."""
        if handshake.user_id.partition(":")[2] != handshake.origin:
            raise forbidden("A server can only speak for its own users.")
        room = await self.get_room_for(handshake.room_id, handshake.origin)
        await self.check_is_whole(room)
        if handshake.membership != "leave" and room.version.version not in (handshake.versions or ("1",)):
            raise MatrixError(
                400,
                "M_INCOMPATIBLE_ROOM_VERSION",
                "Your server does not support the version of this room.",
                room_version=room.version.version,
            )
        content: Json = {"membership": handshake.membership}
        if handshake.membership == "join":
            content.update(await self._authorisation(room, handshake))
        draft = EventDraft("m.room.member", handshake.user_id, content, state_key=handshake.user_id)
        # Where the room has forked, finding the state before the event records it.
        event = await self._database.transact(self._template, room, draft, locks=(room_lock(room.room_nid),))
        return {"event": event, "room_version": room.version.version}

    async def send(self, handshake: Handshake, event_id: str, pdu: Json) -> StoredEvent:
        """Take the signed membership event in; 400 or 403 for one that is not what was asked for or not allowed."""
        room = await self.get_room_for(handshake.room_id, handshake.origin)
        await self.check_is_whole(room)
        if "signatures" not in pdu or "hashes" not in pdu:
            raise invalid_param("The event is not signed.")
        vouched = self._vouched(pdu, room, handshake, event_id)
        (checked,) = await self._intake.checks.check([vouched], room.version)
        stored = await self._take(room, check_not_refused(checked), handshake.origin)
        if stored is None or stored.status is not Status.ACCEPTED:
            raise forbidden("The room's rules do not allow this event.")
        return stored

    async def join_answer(self, room_id: str, stored: StoredEvent, *, omit_members: bool) -> Json:
        """What a joining server needs: the state before its join and the auth chain of all that."""
        room = await self._rooms.get_room(room_id)
        return await self._database.read(self._answers.compose, room, stored, omit_members)

    async def knock_answer(self, stored: StoredEvent) -> Json:
        """`knock_room_state`: what names the room."""
        return await self._database.read(self._knock_answer, stored)

    async def _take(self, room: RoomRecord, event: Event, origin: str) -> StoredEvent | None:
        return await self._intake.arrivals.take_with_state(room, Arrival(event, is_outbound=True), origin)

    async def _authorisation(self, room: RoomRecord, handshake: Handshake) -> Json:
        """For a restricted room, who of this server vouches for the join."""
        types = ("m.room.create", "m.room.join_rules", "m.room.power_levels", "m.room.member")
        state = await self._rooms.current_state_of_types(room.room_nid, types, handshake.user_id)
        answer = authorising_user(state, handshake.user_id, self._server_name, room.version)
        if not answer.needs_authorisation:
            return {}
        if not await self._is_in_any(handshake.user_id, answer.allowed_rooms):
            raise forbidden("The user is in none of the rooms whose members may join.")
        if answer.authoriser is None:
            raise MatrixError(
                400, "M_UNABLE_TO_GRANT_JOIN", "No user of this server may invite to the room; ask another server."
            )
        return {"join_authorised_via_users_server": answer.authoriser}

    async def _is_in_any(self, user_id: str, room_ids: Sequence[str]) -> bool:
        unknown = True
        for room_id in room_ids:
            room = await self._rooms.find_room(room_id)
            if room is None or self._server_name not in await self._rooms.occupancy.joined_servers(room.room_nid):
                continue
            unknown = False
            if await self._rooms.occupancy.membership(room.room_nid, user_id) == "join":
                return True
        if unknown and room_ids:
            raise MatrixError(
                400, "M_UNABLE_TO_AUTHORISE_JOIN", "This server is in none of the rooms whose members may join."
            )
        return False

    def _template(self, tx: Transaction, room: RoomRecord, draft: EventDraft) -> Json:
        return self._parts.composer.template(tx, room, draft, now_ms=wall_clock_ms())

    def _vouched(self, pdu: Json, room: RoomRecord, handshake: Handshake, event_id: str) -> Json:
        """A join that a user of this server authorises is signed by this server too.

        https://spec.matrix.org/v1.19/server-server-api/#restricted-rooms
        """
        try:
            event = parse_event(pdu, room.version)
        except InvalidEvent as error:
            raise bad_json(f"The event is refused: {error}.") from error
        _check_membership(event, handshake, event_id)
        authoriser = event.content.get("join_authorised_via_users_server")
        if handshake.membership != "join" or not room.version.restricted_joins or not isinstance(authoriser, str):
            return pdu
        if authoriser.partition(":")[2] != self._server_name:
            return pdu
        return self._sign(event.pdu, room.version)

    def _knock_answer(self, tx: Transaction, stored: StoredEvent) -> Json:
        if stored.state_before is None:
            raise not_found("The state before the knock is not known.")
        state = self._parts.snapshots.get(tx, stored.state_before)
        return {"knock_room_state": [one.pdu for one in invite_events(tx, self._parts.loader, state, stored.event)]}


def _check_membership(event: Event, handshake: Handshake, event_id: str) -> None:
    """The event must be what the path says: this room, this id, the origin's own user, this membership."""
    if event.event_id != event_id or event.room_id != handshake.room_id:
        raise invalid_param("The event is another than the path names.")
    if event.type != "m.room.member" or event.membership != handshake.membership:
        raise invalid_param(f"The event is no {handshake.membership}.")
    if event.state_key != event.sender or event.sender.partition(":")[2] != handshake.origin:
        raise forbidden("A server can only speak for its own users.")
