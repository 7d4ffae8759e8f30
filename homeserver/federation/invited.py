"""Invites of local users by other servers.

https://spec.matrix.org/v1.19/server-server-api/#inviting-to-a-room
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from homeserver.federation.admission import Admission
from homeserver.federation.identity import Identity
from homeserver.federation.pdu_checks import PduChecks, check_not_refused
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, missing_param, not_found
from homeserver.protocol.events import Event, InvalidEvent, parse_event
from homeserver.protocol.room_versions import ROOM_VERSIONS, RoomVersion
from homeserver.protocol.stripped import read_stripped, stripped
from homeserver.rooms.importing import Importer

Json = dict[str, Any]

UserExists = Callable[[str], Awaitable[bool]]
CheckTakesInvites = Callable[[str, str, str], Awaitable[None]]
"""(room id, local user's id, inviter): raises 403 for a room that nobody is to come into, 403 `M_INVITE_BLOCKED` for a
user whom the inviter is not to invite."""

_MOST = 100


@dataclass(frozen=True, slots=True)
class ReceivedInvite:
    """An invite as it came: what the path names, and the body's parts."""

    origin: str
    room_id: str
    event_id: str
    version: str
    pdu: Any
    invite_room_state: Any


class Invited:
    """Takes invites of local users in, and signs them."""

    def __init__(
        self,
        admission: Admission,
        checks: PduChecks,
        importer: Importer,
        identity: Identity,
        user_exists: UserExists,
        check_takes_invites: CheckTakesInvites,
    ) -> None:
        self._admission = admission
        self._checks = checks
        self._importer = importer
        self._identity = identity
        self._user_exists = user_exists
        self._check_takes_invites = check_takes_invites

    async def receive(self, invite: ReceivedInvite) -> Json:
        """The invite with this server's signature.

        Raises `MatrixError` 400 `M_INCOMPATIBLE_ROOM_VERSION`, 400 or 403 for an event that is no such invite,
        404 for an unknown user, 403 `M_INVITE_BLOCKED` for one whom nobody is to invite, 403 where
        this server is in the room and the room shuts the origin out.
        """
        version = ROOM_VERSIONS.get(invite.version)
        if version is None:
            raise MatrixError(
                400,
                "M_INCOMPATIBLE_ROOM_VERSION",
                f"Room version {invite.version!r} is not supported.",
                room_version=invite.version,
            )
        await self._admission.check_may_take_part(invite.room_id, invite.origin)
        state = self._room_state(invite, version)
        (one,) = await self._checks.check([invite.pdu], version)
        checked = check_not_refused(one)
        self._check(checked, invite)
        if not await self._user_exists(str(checked.state_key)):
            raise not_found("There is no such user.")
        await self._check_takes_invites(invite.room_id, str(checked.state_key), checked.sender)
        signed = self._identity.sign_event(checked.pdu, version)
        # In a room that this server is in, only the room's own events, of which this will be one, say who is a member.
        if await self._admission.find_joined(invite.room_id) is None:
            event = parse_event(signed, version)
            await self._importer.keep_own(event, [*state, stripped(event)])
        return signed

    def _check(self, event: Event, invite: ReceivedInvite) -> None:
        if event.room_id != invite.room_id or event.event_id != invite.event_id:
            raise bad_json("The event is another than the path names.")
        if event.membership != "invite" or event.state_key is None:
            raise bad_json("The event is no invite.")
        if event.sender.partition(":")[2] != invite.origin:
            raise forbidden("A server can only speak for its own users.")
        if event.state_key.partition(":")[2] != self._identity.server_name:
            raise forbidden("The invited user is not of this server.")

    def _room_state(self, invite: ReceivedInvite, version: RoomVersion) -> list[Json]:
        """The stripped state; from room version 12 on it must hold the whole create event, which names the room."""
        given = invite.invite_room_state if isinstance(invite.invite_room_state, list) else []
        if version.room_id_is_create_hash and not any(_founds(one, invite.room_id, version) for one in given[:_MOST]):
            raise missing_param("invite_room_state: lacks the room's whole m.room.create event.")
        return read_stripped(given, _MOST)


def _founds(one: Any, room_id: str, version: RoomVersion) -> bool:
    if not isinstance(one, dict) or one.get("type") != "m.room.create":
        return False
    try:
        return parse_event(one, version).room_id == room_id
    except InvalidEvent:
        return False
