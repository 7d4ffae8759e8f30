"""Making a room whole that was joined without its members.

All states of such a room build on one: that before the join. What was left out is put into a snapshot of its own, some
hundred members at a time, and so into the tables that say who is where. When all is there, that first state is made to
build on it: one row, by which every state of the room becomes whole. Then the events that came meanwhile are judged
again (`replaying`).
"""

from __future__ import annotations

from collections.abc import Mapping

from homeserver.database import Database, Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms import queries_events, queries_members, queries_partial, queries_rooms, queries_state
from homeserver.rooms.kernel import RoomParts, room_lock
from homeserver.rooms.partial import forget_partial, publish_complete
from homeserver.rooms.queries_partial import PartialRoom
from homeserver.rooms.queries_state import Delta
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.replaying import Replay
from homeserver.rooms.unseen import MEMBER

StateIds = Mapping[StateKey, str]

AT_ONCE = 200
"""Few enough that what clients write in between does not wait long."""


class Filling:
    """Writes what was left out of rooms."""

    def __init__(self, database: Database, parts: RoomParts) -> None:
        self._database = database
        self._parts = parts
        self._replay = Replay(parts)

    async def find(self, room_nid: int) -> PartialRoom | None:
        """The room, while it is not whole."""
        row = await self._database.glance(queries_partial.find_partial, room_nid)
        return None if row is None or row.completed_at is not None else row

    async def add(self, room: RoomRecord, state_ids: StateIds) -> None:
        """Put members into the room, whose events are stored: as many as one transaction may hold, and no more at a
        time. Those that are there already are passed over."""
        members = [(key, event_id) for key, event_id in state_ids.items() if key[0] == MEMBER]
        lock = room_lock(room.room_nid)
        for start in range(0, len(members), AT_ONCE):
            part = dict(members[start : start + AT_ONCE])
            await self._database.transact(self._add, room, part, locks=(lock,))

    async def finish(self, room: RoomRecord, history: Mapping[str, StateIds]) -> None:
        """All members are there. `history`: the state before events that were fetched backwards meanwhile."""
        await self._database.transact(self._finish, room, history, locks=(room_lock(room.room_nid),))

    async def give_up(self, room: RoomRecord) -> None:
        """This server is not in the room any more."""
        await self._database.transact(self._give_up, room, locks=(room_lock(room.room_nid),))

    async def missing_state(self, room: RoomRecord) -> list[str]:
        """The events fetched backwards before which nothing is known, so that their state has to be asked for."""
        return await self._database.read(self._replay.begins, room)

    def _add(self, tx: Transaction, room: RoomRecord, state_ids: StateIds) -> None:
        row = queries_partial.find_partial(tx, room.room_nid)
        if row is None or row.completed_at is not None:
            return
        known = queries_events.unrejected_by_id(tx, list(state_ids.values()))
        root = self._parts.snapshots.get(tx, row.root_nid)
        entries = {key: known[event_id] for key, event_id in state_ids.items() if event_id in known and key not in root}
        queries_partial.add_entries(tx, row.rest_nid, entries)
        told = queries_partial.told_members(tx, room.room_nid, [key[1] for key in entries])
        fresh: Delta = {key: nid for key, nid in entries.items() if key[1] not in told}
        # Such as an invite, which its user has seen.
        known_nids = queries_partial.members_by(tx, room.room_nid, [nid for nid in fresh.values() if nid is not None])
        queries_state.write_current_state(
            tx, room.room_nid, {key: nid for key, nid in fresh.items() if nid in known_nids}
        )
        fresh = {key: nid for key, nid in fresh.items() if nid not in known_nids}
        if fresh:
            tx.publish("members", str(room.room_nid))
            self._parts.current.fill(tx, room, fresh)

    def _finish(self, tx: Transaction, room: RoomRecord, history: Mapping[str, StateIds]) -> None:
        row = queries_partial.find_partial(tx, room.room_nid)
        if row is None or row.completed_at is not None:
            return
        queries_partial.set_completed(tx, room.room_nid, position := publish_complete(tx, row))
        queries_partial.build_on(tx, row.root_nid, row.rest_nid)
        self._parts.snapshots.complete(row.root_nid)
        self._parts.resolver.forget()
        tx.publish("room", str(room.room_nid))
        tx.publish("members", str(room.room_nid))
        self._replay.run(tx, room, row, history)
        make_current(tx, self._parts, room, row.join_nid)
        self._close_spans(tx, room.room_nid, position)

    def _close_spans(self, tx: Transaction, room_nid: int, position: int) -> None:
        """Servers that were said to be in the room, and of which nobody is."""
        for server_name in queries_members.servers_in(tx, room_nid):
            if not queries_members.has_joined_member(tx, room_nid, server_name):
                queries_members.close_server_span(tx, room_nid, server_name, position)
        tx.publish("servers", str(room_nid))

    def _give_up(self, tx: Transaction, room: RoomRecord) -> None:
        row = queries_partial.find_partial(tx, room.room_nid)
        if row is not None and row.completed_at is None:
            forget_partial(tx, room.room_nid)


def make_current(tx: Transaction, parts: RoomParts, room: RoomRecord, cause_nid: int) -> None:
    """Make what is told of the present what the state says. The transaction has published its position."""
    tips = queries_rooms.tips(tx, room.room_nid)
    snapshot_nid = parts.resolver.resolve(tx, room, [tip.state_after for tip in tips])
    state = parts.snapshots.get(tx, snapshot_nid)
    told = dict(queries_state.current_entries(tx, room.room_nid))
    changes = {key: nid for key, nid in state.items() if told.get(key) != nid}
    gone = {key: None for key in told if key not in state}
    parts.current.write(tx, room, snapshot_nid, {**changes, **gone}, cause_nid)
