"""Pieces of a room's state that came with a join and could not be checked, for want of the keys of servers that did not
answer. They are kept, and put where they belong once the keys are there: no state lacks anything for ever.

https://spec.matrix.org/v1.19/server-server-api/#validating-hashes-and-signatures-on-received-events
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from homeserver.database import Database, Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.rooms import queries_events, queries_late, queries_partial
from homeserver.rooms.filling import make_current
from homeserver.rooms.kernel import LATE_STATE, RoomParts, room_lock
from homeserver.rooms.records import RoomRecord, Unchecked


class LateState:
    """Keeps them. Each change is a transaction of its own."""

    def __init__(self, database: Database, parts: RoomParts) -> None:
        self._database = database
        self._parts = parts

    async def rooms(self) -> list[RoomRecord]:
        """The rooms that have something to be checked."""
        return await self._database.read(self._rooms)

    async def of_room(self, room: RoomRecord) -> list[Unchecked]:
        """What is to be checked of a room."""
        return [one for _, one in await self._database.read(queries_late.of_room, room.room_nid)]

    async def note(self, room: RoomRecord, snapshot_nid: int, unchecked: Sequence[Unchecked]) -> None:
        """Keep what belongs to a snapshot that all states of the room build on."""
        await self._database.transact(queries_late.add, room.room_nid, snapshot_nid, unchecked)

    async def forget(self, room: RoomRecord, event_ids: Collection[str] | None = None) -> None:
        """These are no good events, or (None) the room was left."""
        if event_ids is None:
            await self._database.transact(queries_late.delete_room, room.room_nid)
        elif event_ids:
            await self._database.transact(queries_late.delete, room.room_nid, event_ids)

    async def take(self, room: RoomRecord, events: Sequence[Event]) -> None:
        """These are good: keep them, put them into the state, and judge again what was rejected for want of them."""
        lock = room_lock(room.room_nid)
        # Two steps: what is remembered of the states counts on numbers that are committed.
        await self._database.transact(self._parts.outliers.add, room, events, locks=(lock,))
        await self._database.transact(self._put, room, [one.event_id for one in events], locks=(lock,))

    def _rooms(self, tx: Transaction) -> list[RoomRecord]:
        return [self._parts.loader.room(tx, nid) for nid in queries_late.rooms(tx)]

    def _put(self, tx: Transaction, room: RoomRecord, event_ids: Collection[str]) -> None:
        known = queries_events.nids_by_id(tx, event_ids)
        good = queries_events.unrejected_by_id(tx, event_ids)
        by_snapshot: dict[int, dict[StateKey, int]] = defaultdict(dict)
        for snapshot_nid, one in queries_late.of_room(tx, room.room_nid):
            if one.key is not None and one.event_id in good:
                by_snapshot[snapshot_nid][one.key] = good[one.event_id]
        # What still lacks what authorises it waits on.
        queries_late.delete(tx, room.room_nid, known)
        if not by_snapshot:
            return
        tx.publish("room", str(room.room_nid))
        for snapshot_nid, entries in by_snapshot.items():
            queries_partial.add_entries(tx, snapshot_nid, entries)
            count = queries_late.count_entries(tx, snapshot_nid)
            self._parts.snapshots.amend(snapshot_nid, count)
            tx.publish(LATE_STATE, f"{snapshot_nid} {count}")
        self._parts.resolver.forget()
        make_current(tx, self._parts, room, next(iter(good.values())))
        self._parts.rejudging.again(tx, room)
