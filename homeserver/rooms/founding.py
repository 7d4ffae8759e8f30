"""Writing a new room: all its first events in one transaction, then the invites."""

from __future__ import annotations

import logging
import secrets
import string
from collections.abc import Awaitable
from typing import Any, Protocol

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.requester import Requester
from homeserver.protocol.room_versions import RoomVersion
from homeserver.rooms import queries_rooms
from homeserver.rooms.append import Placement
from homeserver.rooms.composing import Place
from homeserver.rooms.creation import RoomRequest, create_content, first_drafts
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.memberships import Change, Memberships
from homeserver.rooms.records import EventDraft, RoomRecord, Status
from homeserver.rooms.service import wall_clock_ms
from homeserver.rooms.snapshots import EMPTY
from homeserver.rooms.third_party import ThirdPartyInvites

logger = logging.getLogger(__name__)

_LOCALPART_CHARACTERS = string.ascii_letters + string.digits
_LOCALPART_LENGTH = 18


class RoomNames(Protocol):
    """The room directory's part in creating a room, within the same transaction."""

    def claim(self, tx: Transaction, alias: str, room_id: str, creator: str) -> None:
        """Point an alias at the room; raises `MatrixError` 400 `M_ROOM_IN_USE` when it is taken."""

    def publish(self, tx: Transaction, room_id: str) -> None:
        """List the room in the public directory."""


class Founding:
    """Creates rooms."""

    def __init__(
        self,
        database: Database,
        parts: RoomParts,
        names: RoomNames,
        memberships: Memberships,
        third_party: ThirdPartyInvites,
        server_name: str,
    ) -> None:
        self._database = database
        self._parts = parts
        self._names = names
        self._memberships = memberships
        self._third_party = third_party
        self._server_name = server_name

    async def create(self, request: RoomRequest, requester: Requester) -> str:
        """Create a room and invite those named; its id.

        Raises `MatrixError` 400 `M_ROOM_IN_USE`, or 400 `M_INVALID_ROOM_STATE` where the auth rules do not allow the
        initial events; 403 and 429 where the requester may not invite at all, or not so many. Once the room is there,
        its id is the answer: who cannot be invited is missing in it, and can be invited again.
        """
        new_room = f"made by {requester.user_id}"
        for user_id in request.invite:
            self._memberships.check_may_invite(requester, new_room, user_id)
        for _ in request.invite_3pid:
            self._memberships.check_may_invite_address(requester)
        room = await self._database.transact(self._write, request)
        about: dict[str, Any] = {"is_direct": True} if request.is_direct else {}
        for user_id in request.invite:
            content = {**request.invited_profiles.get(user_id, {}), **about}
            change = Change(room.room_id, user_id, "invite", content)
            await _tried(room.room_id, user_id, self._memberships.invite(room, change, requester))
        for invite in request.invite_3pid:
            inviting = self._third_party.invite(room.room_id, invite, requester, about)
            await _tried(room.room_id, f"a {invite.medium}", inviting)
        return room.room_id

    def _write(self, tx: Transaction, request: RoomRequest) -> RoomRecord:
        now_ms = wall_clock_ms()
        room = self.write_create(tx, request, now_ms)
        if request.alias is not None:
            self._names.claim(tx, request.alias, room.room_id, request.creator)
        if request.is_public:
            self._names.publish(tx, room.room_id)
        for draft in first_drafts(request):
            try:
                self._parts.composer.append(tx, room, draft, now_ms=now_ms)
            except MatrixError as error:
                raise _impossible(draft, error) from error
        return room

    def new_room_id(self, version: RoomVersion) -> str:
        """The id of a room to be; empty from room version 12 on, where the create event gives it."""
        return "" if version.room_id_is_create_hash else f"!{_new_localpart()}:{self._server_name}"

    def write_create(self, tx: Transaction, request: RoomRequest, now_ms: int, room_id: str = "") -> RoomRecord:
        """A room with its create event, under a `new_room_id`. Within a transaction."""
        room_id = room_id or self.new_room_id(request.version)
        unnamed = RoomRecord(0, room_id, request.version)
        draft = EventDraft("m.room.create", request.creator, create_content(request), state_key="")
        composed = self._parts.composer.compose(tx, unnamed, draft, Place((), None, EMPTY), now_ms=now_ms)
        room_id = composed.event.room_id
        room = RoomRecord(queries_rooms.insert_room(tx, room_id, request.version.version), room_id, request.version)
        root = self._parts.snapshots.extend(tx, room.room_nid, None, {})
        placement = Placement(root, Status.ACCEPTED, is_outbound=True, is_local=True)
        self._parts.appender.append(tx, room, composed.event, placement)
        return room


async def _tried(room_id: str, who: str, inviting: Awaitable[object]) -> None:
    try:
        await inviting
    except MatrixError as error:
        logger.info("%s cannot be invited to the new room %s: %s", who, room_id, error.message)
    except Exception:
        logger.exception("%s could not be invited to the new room %s", who, room_id)


def _impossible(draft: EventDraft, error: MatrixError) -> MatrixError:
    """What the auth rules refuse is, in a room that is only being made, a mistake of the request."""
    if error.status != 403:
        return error
    return MatrixError(400, "M_INVALID_ROOM_STATE", f"{draft.type} cannot be set in this room: {error.message}")


def _new_localpart() -> str:
    """Of a room id, where the create event does not give it: letters and digits that nobody can guess."""
    return "".join(secrets.choice(_LOCALPART_CHARACTERS) for _ in range(_LOCALPART_LENGTH))
