"""What other servers read of rooms: events, state, history. Each answer is cut to what the reader may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.federation.join_answers import auth_chain, raw_pdus
from homeserver.federation.resident import Resident
from homeserver.protocol.errors import forbidden, not_found
from homeserver.protocol.events import redacted_event
from homeserver.rooms import queries_events, queries_members
from homeserver.rooms.auth_graph import chains_of
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import RoomRecord, Status, StoredEvent
from homeserver.rooms.service import Rooms, wall_clock_ms

Json = dict[str, Any]

MOST_BACKFILLED = 100
MOST_MISSING = 50


class Serving:
    """Answers reads of other servers."""

    def __init__(
        self, database: Database, rooms: Rooms, parts: RoomParts, resident: Resident, server_name: str
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts
        self._resident = resident
        self._server_name = server_name

    async def event(self, origin: str, event_id: str) -> Json:
        """A transaction that holds one event; 404 where the origin may not see it."""
        stored = await self._rooms.find_event(event_id)
        if stored is None or stored.status is Status.REJECTED:
            raise not_found("There is no such event.")
        room = await self.get_member_room(stored.event.room_id, origin)
        (pdu,) = await self._database.glance(self._pdus, room, origin, [stored.event_nid])
        return {"origin": self._server_name, "origin_server_ts": wall_clock_ms(), "pdus": [pdu]}

    async def state(self, origin: str, room_id: str, event_id: str) -> Json:
        """The state before an event and its auth chain, as PDUs."""
        room = await self._get_whole_room(room_id, origin)
        return await self._database.read(self._state, room, event_id)

    async def state_ids(self, origin: str, room_id: str, event_id: str) -> Json:
        """The same as event ids."""
        room = await self._get_whole_room(room_id, origin)
        return await self._database.read(self._state_ids, room, event_id)

    async def event_auth(self, origin: str, room_id: str, event_id: str) -> Json:
        """The auth chain of an event."""
        room = await self.get_member_room(room_id, origin)
        return await self._database.read(self._event_auth, room, event_id)

    async def backfill(self, origin: str, room_id: str, event_ids: Sequence[str], limit: int) -> Json:
        """Events from some events backwards, those included, newest first."""
        room = await self.get_member_room(room_id, origin)
        count = max(1, min(limit, MOST_BACKFILLED))
        pdus = await self._database.read(self._backfill, room, origin, event_ids, count)
        return {"origin": self._server_name, "origin_server_ts": wall_clock_ms(), "pdus": pdus}

    async def missing_events(
        self, origin: str, room_id: str, span: tuple[Sequence[str], Sequence[str]], limits: tuple[int, int]
    ) -> Json:
        """The events between `earliest` and `latest` (the span), at most `limit` and of at least `min_depth`.

        A server whose last user was made to leave may still need what came before that, or it would never take the
        event in that says so. It is given what happened while it was in the room.
        """
        room = await self.get_room_once_shared(room_id, origin)
        is_in = origin in await self._rooms.occupancy.joined_servers(room.room_nid)
        return {"events": await self._database.read(self._missing, room, (origin, is_in), span, limits)}

    async def get_room_once_shared(self, room_id: str, origin: str) -> RoomRecord:
        """A room that both servers are or were in; 404 where this one never was, 403 `M_FORBIDDEN` otherwise.

        This one may have left: what came before that the others can have of it alone.
        """
        room = await self._resident.get_room_for(room_id, origin, is_past_enough=True)
        if not await self._database.glance(queries_members.has_been_in, room.room_nid, origin):
            raise forbidden("Your server is not in the room.")
        return room

    async def get_member_room(self, room_id: str, origin: str) -> RoomRecord:
        """A room both servers are in; 403 `M_FORBIDDEN` otherwise."""
        room = await self._resident.get_room_for(room_id, origin)
        if origin not in await self._rooms.occupancy.joined_servers(room.room_nid):
            raise forbidden("Your server is not in the room.")
        return room

    async def _get_whole_room(self, room_id: str, origin: str) -> RoomRecord:
        """The same, and 404 while this server does not know all of the room's state."""
        room = await self.get_member_room(room_id, origin)
        await self._resident.check_is_whole(room)
        return room

    def _placed(self, tx: Transaction, room: RoomRecord, event_id: str) -> StoredEvent:
        stored = self._parts.loader.find_stored(tx, event_id)
        if stored is None or stored.event.room_id != room.room_id or stored.state_before is None:
            raise not_found("There is no such event in the room.")
        if stored.status is Status.REJECTED:
            raise not_found("The event is none of the room's: its rules reject it.")
        return stored

    def _state_nids(self, tx: Transaction, room: RoomRecord, event_id: str) -> tuple[list[int], list[int]]:
        """(the state before an event, its auth chain), as event numbers."""
        stored = self._placed(tx, room, event_id)
        nids = list(self._parts.snapshots.get(tx, stored.state_before or 0).values())
        return nids, sorted(auth_chain(tx, nids))

    def _state(self, tx: Transaction, room: RoomRecord, event_id: str) -> Json:
        nids, chain = self._state_nids(tx, room, event_id)
        return {"pdus": raw_pdus(tx, nids), "auth_chain": raw_pdus(tx, chain)}

    def _state_ids(self, tx: Transaction, room: RoomRecord, event_id: str) -> Json:
        nids, chain = self._state_nids(tx, room, event_id)
        ids = queries_events.ids_by_nid(tx, {*nids, *chain})
        return {"pdu_ids": [ids[nid] for nid in nids], "auth_chain_ids": [ids[nid] for nid in chain]}

    def _event_auth(self, tx: Transaction, room: RoomRecord, event_id: str) -> Json:
        stored = self._parts.loader.find_stored(tx, event_id)
        if stored is None or stored.event.room_id != room.room_id:
            raise not_found("There is no such event in the room.")
        auth_nids = queries_events.nids_by_id(tx, stored.event.auth_events).values()
        chain = set(auth_nids)
        for bitmap in chains_of(tx, list(auth_nids)).values():
            chain.update(bitmap)
        return {"auth_chain": self._whole(tx, sorted(chain))}

    def _backfill(
        self, tx: Transaction, room: RoomRecord, origin: str, event_ids: Sequence[str], limit: int
    ) -> list[Json]:
        found = self._walk_back(tx, room, event_ids, set(), limit)
        found.sort(key=lambda one: (one.event.depth, one.event_nid), reverse=True)
        return self._pdus(tx, room, origin, [one.event_nid for one in found])

    def _missing(
        self,
        tx: Transaction,
        room: RoomRecord,
        reader: tuple[str, bool],
        span: tuple[Sequence[str], Sequence[str]],
        limits: tuple[int, int],
    ) -> list[Json]:
        (origin, is_in), (earliest, latest) = reader, span
        limit, min_depth = limits
        stop = set(earliest) | set(latest)
        known = self._events(tx, room, latest)
        if not is_in:
            known = [one for one in known if self._parts.visibility.was_server_in(tx, origin, one)]
            if not known:
                raise forbidden("Your server was not in the room then.")
        before = [prev for one in known for prev in one.event.prev_events]
        found = self._walk_back(tx, room, before, stop, min(max(limit, 1), MOST_MISSING))
        found = [one for one in found if one.event.depth >= min_depth]
        if not is_in:
            found = [one for one in found if self._parts.visibility.was_server_in(tx, origin, one)]
        found.sort(key=lambda one: (one.event.depth, one.event_nid))
        return self._pdus(tx, room, origin, [one.event_nid for one in found])

    def _walk_back(
        self, tx: Transaction, room: RoomRecord, event_ids: Iterable[str], stop: set[str], limit: int
    ) -> list[StoredEvent]:
        """Breadth first along `prev_events`, neither past `stop` nor over the limit."""
        found: dict[str, StoredEvent] = {}
        front = [event_id for event_id in event_ids if event_id not in stop]
        while front and len(found) < limit:
            level = self._events(tx, room, front)[: limit - len(found)]
            found.update({one.event.event_id: one for one in level})
            front = [prev for one in level for prev in one.event.prev_events if prev not in found and prev not in stop]
        return list(found.values())

    def _events(self, tx: Transaction, room: RoomRecord, event_ids: Iterable[str]) -> list[StoredEvent]:
        stored = self._parts.loader.stored_by_id(tx, list(dict.fromkeys(event_ids)))
        return [
            one
            for one in stored.values()
            if one.event.room_id == room.room_id and one.state_before is not None and one.status is not Status.REJECTED
        ]

    def _pdus(self, tx: Transaction, room: RoomRecord, origin: str, nids: Sequence[int]) -> list[Json]:
        """The events, redacted where the origin may not see what is in them."""
        stored = self._parts.loader.stored_by_nid(tx, nids)
        ordered = [stored[nid] for nid in nids if nid in stored]
        full, _ = self._parts.visibility.visible_to_server(tx, origin, ordered)
        seen = {one.event_nid for one in full}
        return [one.event.pdu if one.event_nid in seen else redacted_event(one.event).pdu for one in ordered]

    def _whole(self, tx: Transaction, nids: Sequence[int]) -> list[Json]:
        events = self._parts.loader.get_many(tx, nids)
        return [events[nid].pdu for nid in nids if nid in events]
