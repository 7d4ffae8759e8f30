"""Taking an event of another server into a room, fetching what it needs: events before it, what authorises it,
and, where a gap stays, the state before it.

https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredList, DeferredSemaphore

from homeserver.database import Database, Transaction
from homeserver.federation.errors import Withheld, is_passing
from homeserver.federation.pdu_checks import PduChecks
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.events import Event, StateKey
from homeserver.rooms import queries_members, queries_partial, queries_rooms
from homeserver.rooms.kernel import RoomParts, room_lock
from homeserver.rooms.receiving import Arrival, ReceivingRun, Verdict
from homeserver.rooms.records import RoomRecord, Status, StoredEvent

logger = logging.getLogger(__name__)

_MOST_ROUNDS = 5
_MOST_FETCHED_ONE_BY_ONE = 50
MISSING_LIMIT = 50
_MOST_OTHERS = 3
_AT_ONCE = 10
_MOST_SPANS = 20
"""How often events are asked for to fill one gap. A larger one stays, to be filled when somebody reads there."""


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
    """Takes events in. What may succeed later is raised as the `MatrixError` that it failed with (`is_passing`)."""

    def __init__(
        self, database: Database, parts: RoomParts, checks: PduChecks, peer: PeerReads, server_name: str
    ) -> None:
        self._database = database
        self._parts = parts
        self._checks = checks
        self._peer = peer
        self._server_name = server_name

    async def take_run(self, room: RoomRecord, events: Sequence[Event]) -> int:
        """Take live events in, each judged after the one before, as a rule in one commit. Ends at the first that
        lacks something or fails, of which nothing is kept; how many were taken."""
        run = ReceivingRun(self._parts.receiver, room)
        lock = room_lock(room.room_nid)
        received = [
            Deferred.fromCoroutine(self._database.transact(run.receive, place, event, locks=(lock,)))
            for place, event in enumerate(events)
        ]
        outcomes = await DeferredList(received, consumeErrors=True)
        taken = takewhile(lambda outcome: isinstance(outcome[1], StoredEvent), outcomes)
        return sum(1 for _ in taken)

    async def take(self, room: RoomRecord, event: Event, origin: str) -> StoredEvent | None:
        """Take a live event in; None where what authorises it could not be had. Raises `Withheld` where what came
        before it could not: then the origin's word on the state there would be worth little."""
        verdict = await self._receive(room, Arrival(event))
        if isinstance(verdict, StoredEvent):
            return verdict
        if verdict.prev_events:
            await self._fetch_missing(room, event, origin)
            withheld = await self._database.glance(self._withheld, room, event)
            for server in await self._others(room, origin) if withheld else ():
                # The origin has it not, or keeps it back, or may not tell: it has made this server leave meanwhile.
                await self._fetch_from_other(room, event, server)
                withheld = await self._database.glance(self._withheld, room, event)
                if not withheld:
                    break
            if withheld:
                raise Withheld(withheld)
        return await self.take_with_state(room, Arrival(event), origin)

    async def take_with_state(self, room: RoomRecord, arrival: Arrival, origin: str) -> StoredEvent | None:
        """Take an event in; where events before it stay missing, with the states that the origin says were there.

        Raises `MatrixError` where the origin does not say.
        """
        for _ in range(_MOST_ROUNDS):
            verdict = await self._receive(room, arrival)
            if isinstance(verdict, StoredEvent):
                return verdict
            if verdict.auth_events and not await self._fetch_auth(room, arrival.event, origin, verdict.auth_events):
                logger.info("%s: what authorises it could not be had from %s", arrival.event.event_id, origin)
                return None
            if verdict.prev_events:
                arrival = await self._with_state(room, arrival, verdict.prev_events, origin)
        return None

    async def fetch_outliers(self, room: RoomRecord, event_ids: Collection[str], origin: str) -> None:
        """Fetch events one by one and keep them as outliers."""
        known = await self._database.glance(self._parts.loader.stored_by_id, event_ids)
        pdus = []
        try:
            for event_id in [one for one in event_ids if one not in known][:_MOST_FETCHED_ONE_BY_ONE]:
                try:
                    pdus.append(await self._peer.get_event(origin, event_id))
                except MatrixError as error:
                    _pass_over(error, f"{origin} did not give {event_id}")
        finally:
            await self._keep_outliers(room, pdus)

    async def fetch_cited(self, room: RoomRecord, events: Collection[Event], origin: str) -> None:
        """Fetch what authorises some events of one page and is not here, all at once, rather than event by event."""
        cited = {auth_id for event in events for auth_id in event.auth_events} - {event.event_id for event in events}
        missing = cited - await self._database.glance(self._known_ids, cited)
        slots = DeferredSemaphore(_AT_ONCE)
        fetches = [slots.run(self._fetch_one, origin, event_id) for event_id in missing]
        await self._keep_outliers(room, [pdu for _, pdu in await DeferredList(fetches) if pdu is not None])

    def _fetch_one(self, origin: str, event_id: str) -> Deferred[Any]:
        async def fetch() -> Any:
            try:
                return await self._peer.get_event(origin, event_id)
            except MatrixError as error:
                logger.info("%s did not give %s: %s", origin, event_id, error.message)
                return None

        return Deferred.fromCoroutine(fetch())

    async def _receive(self, room: RoomRecord, arrival: Arrival) -> Verdict:
        lock = room_lock(room.room_nid)
        return await self._database.transact(self._parts.receiver.receive, room, arrival, locks=(lock,))

    async def _fetch_missing(self, room: RoomRecord, event: Event, origin: str) -> None:
        """The events between what is here and the event; the oldest of them may need the state before it.

        What is less deep than this server's join is no news but history, to be fetched when somebody reads there; of it
        only what the others cite is taken.
        """
        entry_depth = await self._database.glance(queries_rooms.entry_depth, room.room_nid, self._server_name)
        found = {event.event_id: event}
        latest = [event.event_id]
        for _ in range(_MOST_SPANS):
            fresh = [one for one in await self._missing_before(room, latest, origin) if one.event_id not in found]
            found.update({one.event_id: one for one in fresh})
            news = [one for one in fresh if one.depth >= entry_depth]
            latest = await self._database.glance(self._incomplete, news, found.keys())
            if not latest:
                break
        cited = {prev for one in found.values() if one.depth >= entry_depth for prev in one.prev_events}
        cited.update(event.prev_events)
        del found[event.event_id]
        for missing in sorted(found.values(), key=lambda one: one.depth):
            is_news = missing.depth >= entry_depth
            if not is_news and missing.event_id not in cited:
                continue
            try:
                await self.take_with_state(room, Arrival(missing, is_live=is_news), origin)
            except MatrixError as error:
                _pass_over(error, f"{missing.event_id}, missing before {event.event_id}")

    async def _others(self, room: RoomRecord, origin: str) -> list[str]:
        """Some other servers in the room."""
        servers = await self._database.glance(queries_members.servers_in, room.room_nid)
        return sorted(name for name in servers if name not in (origin, self._server_name))[:_MOST_OTHERS]

    async def _fetch_from_other(self, room: RoomRecord, event: Event, server: str) -> None:
        """The same of a server that has not sent the event; that it does not answer now is no reason to wait for it."""
        try:
            await self._fetch_missing(room, event, server)
        except MatrixError as error:
            logger.info("%s gave nothing before %s: %s", server, event.event_id, error.message)

    async def _missing_before(self, room: RoomRecord, latest: list[str], origin: str) -> list[Event]:
        """Some of the events between what is here and others; none where the origin gives none."""
        tips = await self._database.glance(queries_rooms.tips, room.room_nid)
        earliest = [tip.event_id for tip in tips]
        try:
            pdus = await self._peer.get_missing_events(
                origin, room.room_id, earliest=earliest, latest=latest, limit=MISSING_LIMIT
            )
        except MatrixError as error:
            _pass_over(error, f"{origin} gave no missing events")
            return []
        return await self._checks.events(pdus[:MISSING_LIMIT], room.version, room.room_id)

    def _withheld(self, tx: Transaction, room: RoomRecord, event: Event) -> set[str]:
        """What is still missing just before an event that is news."""
        entry_depth = queries_rooms.entry_depth(tx, room.room_nid, self._server_name)
        return self._lacking(tx, event.prev_events) if event.depth > entry_depth else set()

    def _incomplete(self, tx: Transaction, events: Sequence[Event], found: Collection[str]) -> list[str]:
        """Those of some events before which there still is something missing."""
        lacking = self._lacking(tx, {one for event in events for one in event.prev_events if one not in found})
        return [event.event_id for event in events if not lacking.isdisjoint(event.prev_events)]

    def _lacking(self, tx: Transaction, event_ids: Collection[str]) -> set[str]:
        """Those of some events that have no place here."""
        stored = self._parts.loader.stored_by_id(tx, event_ids)
        return {one for one in event_ids if one not in stored or stored[one].state_after is None}

    async def _with_state(self, room: RoomRecord, arrival: Arrival, missing: Collection[str], origin: str) -> Arrival:
        """For a live event the state after each event missing before it, so that what this server knows of the room
        counts too; for one of the history, which changes nothing now, the state before it."""
        if not arrival.is_live:
            return replace(arrival, state_ids=await self.fetch_state(room, arrival.event.event_id, origin))
        if await self._database.glance(queries_partial.is_incomplete, room.room_nid):
            raise MatrixError(502, "M_UNKNOWN", "The members of the room are still being fetched.")
        states = dict(arrival.states_after)
        for event_id in missing:
            states[event_id] = await self.fetch_state(room, event_id, origin, is_after=True)
        return replace(arrival, states_after=states)

    async def _fetch_auth(self, room: RoomRecord, event: Event, origin: str, missing: Collection[str]) -> bool:
        """Whether all that was missing of an event's auth events is here now."""
        try:
            await self._keep_outliers(room, await self._peer.get_event_auth(origin, room.room_id, event.event_id))
        except MatrixError as error:
            _pass_over(error, f"{origin} gave no auth chain")
        known = await self._database.glance(self._parts.loader.stored_by_id, missing)
        left = [event_id for event_id in missing if event_id not in known]
        if left:
            await self.fetch_outliers(room, left, origin)
            known = await self._database.glance(self._parts.loader.stored_by_id, left)
        return all(event_id in known for event_id in left)

    async def fetch_state(
        self, room: RoomRecord, event_id: str, origin: str, *, is_after: bool = False
    ) -> Mapping[StateKey, str]:
        """The state before an event, or after it (then the event is fetched too), all of it stored.

        Raises `MatrixError` where the origin does not give it; `Withheld` where the event itself cannot be had, or its
        signature not be checked now: the state after it is nothing without it.
        """
        state_ids, auth_ids = await self._peer.get_state_ids(origin, room.room_id, event_id)
        own = [event_id] if is_after else []
        wanted = {*state_ids, *auth_ids, *own}
        missing = wanted - await self._database.read(self._known_ids, wanted)
        if len(missing) > _MOST_FETCHED_ONE_BY_ONE:
            state, chain = await self._peer.get_state(origin, room.room_id, event_id)
            await self._keep_outliers(room, [*state, *chain])
            missing = missing.intersection(own)
        if missing:
            await self.fetch_outliers(room, missing, origin)
        if own and not await self._database.read(self._known_ids, own):
            raise Withheld(own)
        return await self._database.read(self._state_map, room, [*state_ids, *own])

    def _known_ids(self, tx: Transaction, event_ids: Collection[str]) -> set[str]:
        return set(self._parts.loader.stored_by_id(tx, event_ids))

    def _state_map(self, tx: Transaction, room: RoomRecord, event_ids: Sequence[str]) -> dict[StateKey, str]:
        stored = self._parts.loader.stored_by_id(tx, event_ids)
        good = [stored[event_id] for event_id in event_ids if event_id in stored]
        return {
            one.event.key: one.event.event_id
            for one in good
            if one.event.is_state and one.status is not Status.REJECTED and one.event.room_id == room.room_id
        }

    async def _keep_outliers(self, room: RoomRecord, pdus: Collection[Any]) -> None:
        events = await self._checks.events(list(pdus), room.version, room.room_id)
        lock = room_lock(room.room_nid)
        await self._database.transact(self._parts.outliers.add, room, events, locks=(lock,))


def _pass_over(error: MatrixError, what: str) -> None:
    """Go on without what a server did not give, unless it may give it later: then raise."""
    if is_passing(error):
        raise error
    logger.info("%s: %s", what, error.message)
