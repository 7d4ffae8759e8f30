"""The end of an invite or a knock, in a room that this server is not in: a kick or a ban by those who are.

https://spec.matrix.org/v1.19/client-server-api/#room-membership
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from homeserver.federation.pdu_checks import PduChecks, Refused
from homeserver.protocol.events import Event
from homeserver.protocol.ids import server_name_of
from homeserver.rooms.importing import Importer
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.service import Rooms

logger = logging.getLogger(__name__)

Json = dict[str, Any]


class Uninvited:
    """Takes such events in; all others of rooms that this server is not in are passed over."""

    def __init__(self, rooms: Rooms, checks: PduChecks, importer: Importer, server_name: str) -> None:
        self._rooms = rooms
        self._checks = checks
        self._importer = importer
        self._server_name = server_name

    async def take(self, origin: str, room_id: str, pdus: list[Any]) -> Mapping[str, Json]:
        """What the answer says of PDUs of a room: `{}` for each that was taken in, an error for those refused."""
        room = await self._rooms.find_room(room_id)
        if room is None:
            logger.info("%s sent %d PDUs of a room this server is not in", origin, len(pdus))
            return {}
        results: dict[str, Json] = {}
        for one in await self._checks.check(pdus, room.version):
            if isinstance(one, Refused):
                if one.event_id is not None:
                    results[one.event_id] = {"error": one.reason}
            elif await self._ends_invite(room, one, origin):
                await self._importer.keep_own(one, None)
                results[one.event_id] = {}
        return results

    async def _ends_invite(self, room: RoomRecord, event: Event, origin: str) -> bool:
        """Whether it ends what a user of this server has, and comes from one who knows of it: the room's state, which
        would say who may, is not here, but who is in the room cites the invite."""
        if event.type != "m.room.member" or event.state_key is None or event.membership not in ("leave", "ban"):
            return False
        if event.room_id != room.room_id or server_name_of(event.sender) != origin:
            return False
        if server_name_of(event.state_key) != self._server_name:
            return False
        return await self._importer.find_asked(room, event.state_key) in event.auth_events
