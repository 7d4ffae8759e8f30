"""Fetching history that this server has never had, from servers that were there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from homeserver.federation.arrivals import Arrivals
from homeserver.federation.errors import FederationError, is_passing
from homeserver.federation.pdu_checks import PduChecks
from homeserver.protocol.errors import MatrixError
from homeserver.rooms.likely_servers import LikelyServers
from homeserver.rooms.receiving import Arrival
from homeserver.rooms.records import Fetched, RoomRecord
from homeserver.rooms.service import Rooms

logger = logging.getLogger(__name__)

BACKFILL_LIMIT = 100
_FIRST_LIMIT = 30
"""What is fetched while the members of the room are fetched too: about a page, so that it is there soon."""

_MOST_ANSWERS = 4
"""So many servers may answer without anything of use. Those that are away do not count."""

_PATIENCE_S = 20.0
"""After so long no further server is asked: a client waits for the answer."""


IsLost = Callable[[str], bool]
"""Whether a server has been away for so long that nobody should wait for it."""


class PeerHistory(Protocol):
    """What is asked of another server."""

    async def backfill(self, destination: str, room_id: str, event_ids: Collection[str], limit: int) -> list[Any]:
        """PDUs from these events backwards."""


class History:
    """Fills gaps of rooms. `likely`: whom it asks, and in which order."""

    def __init__(
        self,
        rooms: Rooms,
        likely: LikelyServers,
        peer: PeerHistory,
        checks: PduChecks,
        arrivals: Arrivals,
        is_lost: IsLost,
    ) -> None:
        self._rooms = rooms
        self._is_lost = is_lost
        self.likely = likely
        self._peer = peer
        self._checks = checks
        self._arrivals = arrivals

    async def fill(self, room_id: str, event_ids: Sequence[str]) -> Fetched:
        """Fetch these events and what came before them."""
        room = await self._rooms.find_room(room_id)
        if room is None:
            return Fetched.NOTHING
        limit = _FIRST_LIMIT if self._rooms.partial.is_partial(room.room_nid) else BACKFILL_LIMIT
        answers, are_away, until_s = 0, False, time.monotonic() + _PATIENCE_S
        for server in await self.likely.find(room, event_ids[:20]):
            if answers >= _MOST_ANSWERS:
                return Fetched.NOTHING
            if time.monotonic() > until_s:
                return Fetched.LATER
            try:
                pdus = await self._peer.backfill(server, room_id, event_ids[:20], limit)
            except FederationError as error:
                logger.info("%s gave no history of %s: %s", server, room_id, error.message)
                answers += not is_passing(error)
                are_away |= is_passing(error) and not self._is_lost(server)
                continue
            except MatrixError:
                # It could not be reached lately and was not asked: that takes neither time nor another one's turn.
                are_away |= not self._is_lost(server)
                continue
            answers += 1
            if await self._take(room, pdus[:limit], server):
                return Fetched.SOME
        return Fetched.LATER if are_away else Fetched.NOTHING

    async def _take(self, room: RoomRecord, pdus: list[Any], server: str) -> bool:
        """Whether any of a server's PDUs was of use."""
        events = await self._checks.events(pdus, room.version, room.room_id)
        if self._rooms.partial.is_partial(room.room_nid):
            await self._arrivals.fetch_cited(room, events, server)
        taken = 0
        for event in sorted(events, key=lambda one: one.depth):
            try:
                stored = await self._arrivals.take_with_state(room, Arrival(event, is_live=False), server)
            except MatrixError as error:
                logger.info("%s of the history of %s: %s", event.event_id, room.room_id, error.message)
                continue
            taken += stored is not None
        return taken > 0
