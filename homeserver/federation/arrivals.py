"""Taking an event of another server into a room, fetching what it needs: events before it, what authorises it,
and, where a gap stays, the state before it.

https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from homeserver.database import Database, Transaction
from homeserver.federation.pdu_checks import PduChecks
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.events import Event, StateKey
from homeserver.rooms import queries_rooms
from homeserver.rooms.kernel import RoomParts, room_lock
from homeserver.rooms.receiving import Arrival, Verdict
from homeserver.rooms.records import RoomRecord, StoredEvent

logger = logging.getLogger(__name__)

_MOST_ROUNDS = 5
_MOST_FETCHED_ONE_BY_ONE = 50
MISSING_LIMIT = 50


class PeerReads(Protocol):
    """What is read from other servers. Each raises where the server does not answer with what was asked."""

    async def get_missing_events(
        self, destination: str, room_id: str, *, earliest: Collection[str], latest: Collection[str], limit: int
    ) -> list[Any]:
        """PDUs between."""

    async def get_state_ids(self, destination: str, room_id: str, event_id: str) -> tuple[list[str], list[str]]:
        """(state before the event, its auth chain), as event ids."""

    async def get_state(self, destination: str, room_id: str, event_id: str) -> tuple[list[Any], list[Any]]:
        """(state before the event, its auth chain), as PDUs."""

    async def get_event(self, destination: str, event_id: str) -> Any:
        """One PDU."""

    async def get_event_auth(self, destination: str, room_id: str, event_id: str) -> list[Any]:
        """The auth chain of an event, as PDUs."""


class Arrivals:
    """Takes events in. One room's events come one after the other."""

    def __init__(self, database: Database, parts: RoomParts, checks: PduChecks, peer: PeerReads) -> None:
        self._database = database
        self._parts = parts
        self._checks = checks
        self._peer = peer

    async def take(self, room: RoomRecord, event: Event, origin: str) -> StoredEvent | None:
        """Take a live event in; None where what it needs could not be had."""
        verdict = await self._receive(room, Arrival(event))
        if isinstance(verdict, StoredEvent):
            return verdict
        if verdict.prev_events:
            await self._fetch_missing(room, event, origin)
        return await self.take_with_state(room, Arrival(event), origin)

    async def take_with_state(self, room: RoomRecord, arrival: Arrival, origin: str) -> StoredEvent | None:
        """Take an event in; where events before it stay missing, with the state that the origin says was before it."""
        for _ in range(_MOST_ROUNDS):
            verdict = await self._receive(room, arrival)
            if isinstance(verdict, StoredEvent):
                return verdict
            if verdict.auth_events and not await self._fetch_auth(room, arrival.event, origin, verdict.auth_events):
                logger.info("%s: what authorises it could not be had from %s", arrival.event.event_id, origin)
                return None
            if verdict.prev_events:
                state_ids = await self._fetch_state(room, arrival.event.event_id, origin)
                arrival = Arrival(arrival.event, arrival.is_live, arrival.is_outbound, state_ids)
        return None

    async def fetch_outliers(self, room: RoomRecord, event_ids: Collection[str], origin: str) -> None:
        """Fetch events one by one and keep them as outliers."""
        known = await self._database.glance(self._parts.loader.stored_by_id, event_ids)
        pdus = []
        for event_id in [one for one in event_ids if one not in known][:_MOST_FETCHED_ONE_BY_ONE]:
            try:
                pdus.append(await self._peer.get_event(origin, event_id))
            except MatrixError as error:
                logger.info("%s did not give %s: %s", origin, event_id, error.message)
        await self._keep_outliers(room, pdus)

    async def _receive(self, room: RoomRecord, arrival: Arrival) -> Verdict:
        lock = room_lock(room.room_nid)
        return await self._database.transact(self._parts.receiver.receive, room, arrival, locks=(lock,))

    async def _fetch_missing(self, room: RoomRecord, event: Event, origin: str) -> None:
        """The events between what is here and the event; the oldest of them may need the state before it."""
        tips = await self._database.glance(queries_rooms.tips, room.room_nid)
        try:
            pdus = await self._peer.get_missing_events(
                origin,
                room.room_id,
                earliest=[tip.event_id for tip in tips],
                latest=[event.event_id],
                limit=MISSING_LIMIT,
            )
        except MatrixError as error:
            logger.info("%s gave no missing events: %s", origin, error.message)
            return
        events = await self._checks.events(pdus[:MISSING_LIMIT], room.version, room.room_id)
        for missing in sorted(events, key=lambda one: one.depth):
            if missing.event_id != event.event_id:
                await self.take_with_state(room, Arrival(missing), origin)

    async def _fetch_auth(self, room: RoomRecord, event: Event, origin: str, missing: Collection[str]) -> bool:
        """Whether all that was missing of an event's auth events is here now."""
        try:
            await self._keep_outliers(room, await self._peer.get_event_auth(origin, room.room_id, event.event_id))
        except MatrixError as error:
            logger.info("%s gave no auth chain: %s", origin, error.message)
        known = await self._database.glance(self._parts.loader.stored_by_id, missing)
        left = [event_id for event_id in missing if event_id not in known]
        if left:
            await self.fetch_outliers(room, left, origin)
            known = await self._database.glance(self._parts.loader.stored_by_id, left)
        return all(event_id in known for event_id in left)

    async def _fetch_state(self, room: RoomRecord, event_id: str, origin: str) -> Mapping[StateKey, str]:
        """The state before an event, all of it stored; raises `MatrixError` where the origin does not give it."""
        state_ids, auth_ids = await self._peer.get_state_ids(origin, room.room_id, event_id)
        known = await self._database.read(self._known_ids, [*state_ids, *auth_ids])
        missing = [one for one in {*state_ids, *auth_ids} if one not in known]
        if len(missing) > _MOST_FETCHED_ONE_BY_ONE:
            state, chain = await self._peer.get_state(origin, room.room_id, event_id)
            await self._keep_outliers(room, [*state, *chain])
        elif missing:
            await self.fetch_outliers(room, missing, origin)
        return await self._database.read(self._state_map, state_ids)

    def _known_ids(self, tx: Transaction, event_ids: Collection[str]) -> set[str]:
        return set(self._parts.loader.stored_by_id(tx, event_ids))

    def _state_map(self, tx: Transaction, event_ids: Collection[str]) -> dict[StateKey, str]:
        stored = self._parts.loader.stored_by_id(tx, event_ids)
        return {one.event.key: event_id for event_id, one in stored.items() if one.event.is_state}

    async def _keep_outliers(self, room: RoomRecord, pdus: Collection[Any]) -> None:
        events = await self._checks.events(list(pdus), room.version, room.room_id)
        lock = room_lock(room.room_nid)
        await self._database.transact(self._parts.outliers.add, room, events, locks=(lock,))
