"""Finding the event nearest to a moment, here or, beside a gap of what is here, on other servers.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, not_found
from homeserver.rooms import queries_events, queries_rooms
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.likely_servers import LikelyServers
from homeserver.rooms.records import RoomRecord

logger = logging.getLogger(__name__)

_AT_ONCE = 50
_MOST_SERVERS = 4

Found = tuple[str, int]
"""(event id, its `origin_server_ts`)."""

AskServer = Callable[[str, str, int, str], Awaitable[Found]]
"""(server, room id, milliseconds since 1970, `f` or `b`); raises `MatrixError`."""

FetchHistory = Callable[[str, Sequence[str]], Awaitable[object]]
"""(room id, event ids): fetch these and what came before them, where they can be had."""


class JumpToDate:
    """Answers which event is nearest to a moment."""

    def __init__(
        self, database: Database, parts: RoomParts, likely: LikelyServers, ask_server: AskServer, fetch: FetchHistory
    ) -> None:
        self._database = database
        self._parts = parts
        self._likely = likely
        self._ask_server = ask_server
        self._fetch = fetch

    async def find(self, room: RoomRecord, moment_ms: int, direction: str, user_id: str) -> dict[str, Any]:
        """The nearest event at or after a moment (`f`), or at or before it (`b`), that the user may see; 404."""
        found = await self._database.read(self._nearest_visible, room, moment_ms, direction, user_id)
        gaps = await self._database.glance(queries_rooms.gaps, room.room_nid)
        if gaps:
            servers = await self._likely.find(room, [event_id for event_id, _ in gaps])
            elsewhere = await self._ask_others(servers, room.room_id, moment_ms, direction)
            if elsewhere is not None and (found is None or abs(elsewhere[1] - moment_ms) < abs(found[1] - moment_ms)):
                await self._fetch(room.room_id, [elsewhere[0]])
                found = await self._database.read(self._nearest_visible, room, moment_ms, direction, user_id)
        if found is None:
            way = "after" if direction == "f" else "before"
            raise not_found(f"There is no event {way} this moment.")
        return {"event_id": found[0], "origin_server_ts": found[1]}

    async def for_server(self, room: RoomRecord, moment_ms: int, direction: str) -> dict[str, Any]:
        """The same for another server that is in the room, of what is here; 404 `M_NOT_FOUND`."""
        rows = await self._database.read(queries_events.nearest_to, room.room_nid, moment_ms, direction == "f", (0, 1))
        if not rows:
            raise not_found("There is no such event.")
        return {"event_id": rows[0][1], "origin_server_ts": rows[0][2]}

    def _nearest_visible(
        self, tx: Transaction, room: RoomRecord, moment_ms: int, direction: str, user_id: str
    ) -> Found | None:
        offset = 0
        while True:
            span = (offset, _AT_ONCE)
            rows = queries_events.nearest_to(tx, room.room_nid, moment_ms, direction == "f", span)
            visible = set(self._parts.views.visible(tx, room.room_nid, user_id, [row[0] for row in rows]))
            for nid, event_id, sent_ts in rows:
                if nid in visible:
                    return event_id, sent_ts
            if len(rows) < _AT_ONCE:
                return None
            offset += _AT_ONCE

    async def _ask_others(self, servers: Sequence[str], room_id: str, moment_ms: int, direction: str) -> Found | None:
        for server in servers[:_MOST_SERVERS]:
            try:
                return await self._ask_server(server, room_id, moment_ms, direction)
            except (MatrixError, ValueError) as error:
                logger.info("%s told no event near a moment: %s", server, error)
        return None
