"""Fetching history that this server has never had, from servers that were there."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from homeserver.federation.arrivals import Arrivals
from homeserver.federation.pdu_checks import PduChecks
from homeserver.protocol.errors import MatrixError
from homeserver.rooms.receiving import Arrival
from homeserver.rooms.service import Rooms

logger = logging.getLogger(__name__)

BACKFILL_LIMIT = 100
_FIRST_LIMIT = 30
"""What is fetched while the members of the room are fetched too: about a page, so that it is there soon."""

_MOST_SERVERS = 4


class PeerHistory(Protocol):
    """What is asked of another server."""

    async def backfill(self, destination: str, room_id: str, event_ids: Collection[str], limit: int) -> list[Any]:
        """PDUs from these events backwards."""


class History:
    """Fills gaps of rooms."""

    def __init__(
        self, rooms: Rooms, peer: PeerHistory, checks: PduChecks, arrivals: Arrivals, server_name: str
    ) -> None:
        self._rooms = rooms
        self._peer = peer
        self._checks = checks
        self._arrivals = arrivals
        self._server_name = server_name

    async def fill(self, room_id: str, event_ids: Sequence[str]) -> bool:
        """Fetch these events and what came before them; whether anything came."""
        room = await self._rooms.find_room(room_id)
        if room is None:
            return False
        limit = _FIRST_LIMIT if self._rooms.partial.is_partial(room.room_nid) else BACKFILL_LIMIT
        servers = sorted(await self._rooms.occupancy.joined_servers(room.room_nid) - {self._server_name})
        for server in servers[:_MOST_SERVERS]:
            try:
                pdus = await self._peer.backfill(server, room_id, event_ids[:20], limit)
            except MatrixError as error:
                logger.info("%s gave no history of %s: %s", server, room_id, error.message)
                continue
            events = await self._checks.events(pdus[:limit], room.version, room_id)
            if self._rooms.partial.is_partial(room.room_nid):
                await self._arrivals.fetch_cited(room, events, server)
            taken = 0
            for event in sorted(events, key=lambda one: one.depth):
                try:
                    stored = await self._arrivals.take_with_state(room, Arrival(event, is_live=False), server)
                except MatrixError as error:
                    logger.info("%s of the history of %s: %s", event.event_id, room_id, error.message)
                    continue
                taken += stored is not None
            if taken:
                return True
        return False
