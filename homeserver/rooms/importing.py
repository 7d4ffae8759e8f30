"""Taking a room of other servers in: at a join, at an invite, at a leave or knock from outside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from pyroaring import BitMap

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.ids import server_name_of
from homeserver.rooms import queries_events, queries_late, queries_members, queries_partial, queries_rooms
from homeserver.rooms.auth_graph import chains_of
from homeserver.rooms.current import membership_row
from homeserver.rooms.kernel import RoomParts, room_lock
from homeserver.rooms.outliers import outlier_row
from homeserver.rooms.partial import forget_partial, publish_begun
from homeserver.rooms.queries_events import insert_event
from homeserver.rooms.queries_partial import PartialRoom
from homeserver.rooms.receiving import Arrival, Missing
from homeserver.rooms.records import RoomRecord, Status, StoredEvent, Unchecked
from homeserver.rooms.service import Rooms
from homeserver.rooms.unseen import MEMBER


@dataclass(frozen=True, slots=True)
class JoinedRoom:
    """What the server `resident` gave for a join: the join event, and the state before it, whose events are stored.
    `servers`: where the state is without its members, the servers in the room. `unchecked`: what cannot be checked now,
    and is therefore not among them."""

    join: Event
    state_ids: Mapping[StateKey, str]
    resident: str
    servers: Sequence[str] | None = None
    unchecked: Sequence[Unchecked] = ()


class Importer:
    """Writes what came from outside a room that this server is not in."""

    def __init__(self, database: Database, rooms: Rooms, parts: RoomParts) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts

    async def keep_outliers(self, join: Event, batches: Iterable[Sequence[Event]]) -> None:
        """Keep events of the room that is being joined as outliers, batch by batch, each after what authorises it."""
        lock = f"room_id:{join.room_id}"
        for batch in batches:
            await self._database.transact(self._keep_outliers, join, batch, locks=(lock,))

    async def join(self, joined: JoinedRoom) -> None:
        """Make the room this server's: its state, and the join as its only tip. Where another local user is in it, who
        may have joined meanwhile, the join comes beside what the room has.

        Raises `MatrixError` 403 where the state does not allow the join.
        """
        room = await self._rooms.find_room(joined.join.room_id)
        locks = [f"room_id:{joined.join.room_id}"] + ([] if room is None else [room_lock(room.room_nid)])
        if not await self._database.transact(self._join, joined, room is not None, locks=locks):
            await self.join(joined)

    async def is_new(self, room_id: str) -> bool:
        """Whether this server never was in a room, so that it may join it without its members."""
        room = await self._rooms.find_room(room_id)
        return room is None or await self._database.glance(queries_rooms.find_current_snapshot, room.room_nid) is None

    async def keep_own(self, event: Event, stripped: list[dict[str, Any]] | None) -> None:
        """Keep a local user's membership event of a room this server is not in (leave, knock, invite received)."""
        await self._database.transact(self._keep, event, stripped, locks=(f"room_id:{event.room_id}",))

    async def find_membership_event(self, room_id: str, user_id: str) -> Event | None:
        """The event that says what a local user is in a room."""
        return await self._database.glance(self._find_membership_event, room_id, user_id)

    async def find_asked(self, room: RoomRecord, user_id: str) -> str | None:
        """The id of the event by which a user is invited or knocks; None for one who does neither."""
        return await self._database.glance(self._find_asked, room, user_id)

    async def lacking(self, event_ids: Collection[str]) -> set[str]:
        """Those of some events that are not here."""
        return set(event_ids) - (await self._database.read(queries_events.nids_by_id, event_ids)).keys()

    def _find_asked(self, tx: Transaction, room: RoomRecord, user_id: str) -> str | None:
        row = queries_members.find_membership(tx, user_id, room.room_nid)
        if row is None or row.membership not in ("invite", "knock"):
            return None
        stored = self._parts.loader.stored_by_nid(tx, [row.event_nid])
        return next((one.event.event_id for one in stored.values()), None)

    def _keep_outliers(self, tx: Transaction, join: Event, batch: Sequence[Event]) -> None:
        self._parts.outliers.add(tx, self._room(tx, join), batch)

    def _join(self, tx: Transaction, joined: JoinedRoom, is_locked: bool) -> bool:
        """Whether it is done. It is not where others append to the room already, which was unknown when locks were
        taken."""
        event = joined.join
        room = self._room(tx, event)
        is_there = queries_members.has_joined_member(tx, room.room_nid, server_name_of(event.sender))
        if is_there and not is_locked:
            return False
        is_first = queries_rooms.find_current_snapshot(tx, room.room_nid) is None
        if joined.servers is not None and not is_first:
            joined = self._with_members(tx, room, joined, is_there)
        if not is_there and self._parts.loader.find_stored(tx, event.event_id) is None:
            end_nid = self._find_unheard_end(tx, room, joined)
            queries_rooms.delete_tips(tx, room.room_nid)
            if end_nid is not None:
                queries_rooms.replace_tips(tx, room.room_nid, (), end_nid)
            forget_partial(tx, room.room_nid)
        verdict = self._parts.receiver.receive(tx, room, Arrival(event)) if is_there else None
        if verdict is None or isinstance(verdict, Missing):
            is_root = bool(joined.unchecked)
            arrival = Arrival(event, state_ids=joined.state_ids, is_entry=not is_there, is_root=is_root)
            verdict = self._parts.receiver.receive(tx, room, arrival)
        if isinstance(verdict, Missing) or verdict.status is not Status.ACCEPTED:
            raise MatrixError(403, "M_FORBIDDEN", "The state of the room does not allow the join.")
        if not queries_members.has_joined_member(tx, room.room_nid, server_name_of(event.sender)):
            raise MatrixError(
                403, "M_FORBIDDEN", "The server that was asked has not heard that you were made to leave."
            )
        if joined.servers is not None:
            self._begin_partial(tx, room, joined, verdict)
        if not is_there:
            queries_late.delete_room(tx, room.room_nid)
            queries_late.add(tx, room.room_nid, verdict.state_before or 0, joined.unchecked)
        return True

    def _find_unheard_end(self, tx: Transaction, room: RoomRecord, joined: JoinedRoom) -> int | None:
        """The event by which the user was made to leave or banned, where the resident has not heard of it: then the
        join comes beside it, and what the two resolve to says whether the user is in the room."""
        user_id = str(joined.join.state_key)
        row = queries_members.find_membership(tx, user_id, room.room_nid)
        if row is None or row.membership not in ("leave", "ban"):
            return None
        end = self._parts.loader.stored_by_nid(tx, [row.event_nid])[row.event_nid]
        if end.state_after is None or end.status is not Status.ACCEPTED or end.event.sender == user_id:
            return None
        told_id = joined.state_ids.get((MEMBER, user_id), "")
        told = queries_events.nids_by_id(tx, [told_id]).get(told_id)
        heard = set() if told is None else {told, *chains_of(tx, [told])[told]}
        return None if row.event_nid in heard else row.event_nid

    def _with_members(self, tx: Transaction, room: RoomRecord, joined: JoinedRoom, is_there: bool) -> JoinedRoom:
        """Another local user has joined meanwhile, with all members: those that were left out are known."""
        if not is_there:
            raise MatrixError(503, "M_UNKNOWN", "The room was joined and left by another user meanwhile; try again.")
        state = self._parts.snapshots.get(tx, queries_rooms.find_current_snapshot(tx, room.room_nid) or 0)
        ids = queries_events.ids_by_nid(tx, list(state.values()))
        members = {key: ids[nid] for key, nid in state.items() if key[0] == MEMBER}
        return JoinedRoom(joined.join, {**members, **joined.state_ids}, joined.resident)

    def _begin_partial(self, tx: Transaction, room: RoomRecord, joined: JoinedRoom, join: StoredEvent) -> None:
        """What is missing of the room is to be put into a snapshot of its own; the servers in it are those named."""
        if join.state_before is None:
            raise AssertionError("an accepted join has a state")
        rest_nid = self._parts.snapshots.extend(tx, room.room_nid, None, {})
        row = PartialRoom(room.room_nid, join.event_nid, join.state_before, rest_nid, joined.resident, None)
        queries_partial.insert_partial(tx, row)
        for server_name in {joined.resident, *(joined.servers or ())}:
            if not queries_members.has_open_span(tx, room.room_nid, server_name):
                queries_members.open_server_span(tx, room.room_nid, server_name, tx.position)
        tx.publish("servers", str(room.room_nid))
        publish_begun(tx, row)

    def _keep(self, tx: Transaction, event: Event, stripped: list[dict[str, Any]] | None) -> None:
        room = self._room(tx, event)
        stored = self._parts.loader.find_stored(tx, event.event_id)
        nid = tx.allocate("events", "event_nid") if stored is None else stored.event_nid
        if stored is None:
            insert_event(tx, outlier_row(room, event, nid, Status.ACCEPTED, BitMap()))
            self._parts.loader.put(nid, event)
        kept = None if stripped is None else msgspec.json.encode(stripped)
        user_id, membership = str(event.state_key), event.membership or "leave"
        tx.publish("membership", user_id)
        queries_members.write_memberships(tx, [membership_row(tx, room.room_nid, user_id, membership, nid, kept)])

    def _find_membership_event(self, tx: Transaction, room_id: str, user_id: str) -> Event | None:
        found = queries_rooms.find_room(tx, room_id)
        row = None if found is None else queries_members.find_membership(tx, user_id, found[0])
        return None if row is None else self._parts.loader.get_many(tx, [row.event_nid]).get(row.event_nid)

    def _room(self, tx: Transaction, event: Event) -> RoomRecord:
        found = queries_rooms.find_room(tx, event.room_id)
        if found is not None:
            return RoomRecord(found[0], event.room_id, event.version)
        nid = queries_rooms.insert_room(tx, event.room_id, event.version.version)
        return RoomRecord(nid, event.room_id, event.version)
