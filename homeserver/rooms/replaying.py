"""Judging again the events that came into a room while its members were not all known.

They are gone through from the join on, as if they came now: the state before each, whether that allows it, the state
after it. Mostly nothing changes; where it does, an event is hidden or shown, and what follows it has other states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey
from homeserver.rooms import queries_partial, queries_rejected, queries_rooms
from homeserver.rooms.append import Placement
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.outliers import cited_events, implied_create_id, is_allowed_by_cited
from homeserver.rooms.queries_partial import PartialRoom
from homeserver.rooms.queries_state import Delta
from homeserver.rooms.records import RoomRecord, Status, StoredEvent

StateIds = Mapping[StateKey, str]

HISTORY = 0
"""The position of events that were fetched backwards."""


@dataclass(slots=True)
class _Course:
    """How far a replay is: the state after each event, and whether any verdict became another."""

    room: RoomRecord
    join: StoredEvent
    after: dict[str, int]
    history: Mapping[str, StateIds]
    has_changed: bool = False
    other_verdicts: list[int] = field(default_factory=list)


class Replay:
    """Callable in the writer thread, with the room's lock held."""

    def __init__(self, parts: RoomParts) -> None:
        self._parts = parts

    def begins(self, tx: Transaction, room: RoomRecord) -> list[str]:
        """The events of the history whose predecessors have no place here, and whose state was therefore taken to be
        that of the join."""
        placed = self._placed(tx, room)
        ids = {one.event.event_id for one in placed}
        row = queries_partial.find_partial(tx, room.room_nid)
        join_nid = 0 if row is None else row.join_nid
        return [
            one.event.event_id
            for one in placed
            if one.event_nid != join_nid and one.event.prev_events and not ids.issuperset(one.event.prev_events)
        ]

    def run(self, tx: Transaction, room: RoomRecord, row: PartialRoom, history: Mapping[str, StateIds]) -> None:
        """Go through all events. `history`: the state before those that `begins` named, where it could be had."""
        placed = self._placed(tx, room)
        join = next(one for one in placed if one.event_nid == row.join_nid)
        course = _Course(room, join, {join.event.event_id: join.state_after or row.root_nid}, history)
        for stored in placed:
            if stored.event_nid != row.join_nid:
                course.after[stored.event.event_id] = self._judge(tx, course, stored)
        if course.has_changed:
            self._move_tips(tx, course)
        # What was fetched with these, and has no place, cites them.
        for other in self._parts.loader.stored_by_nid(tx, course.other_verdicts).values():
            self._parts.rejudging.follow(tx, room, other)

    def _placed(self, tx: Transaction, room: RoomRecord) -> list[StoredEvent]:
        nids = queries_partial.placed_events(tx, room.room_nid)
        stored = self._parts.loader.stored_by_nid(tx, nids)
        return [stored[nid] for nid in nids]

    def _judge(self, tx: Transaction, course: _Course, stored: StoredEvent) -> int:
        """The state after an event, which is judged and written anew where anything of it is another."""
        before = self._before(tx, course, stored)
        status = self._status(tx, course.room, stored, before)
        if before == stored.state_before and status is stored.status and stored.state_after is not None:
            return stored.state_after
        if (status is Status.REJECTED) != (stored.status is Status.REJECTED):
            course.other_verdicts.append(stored.event_nid)
        if status is Status.ACCEPTED and stored.status is Status.REJECTED:
            course.has_changed = True
            is_live = stored.event.depth > course.join.event.depth
            placement = Placement(before, status, is_live=is_live, existing_nid=stored.event_nid)
            return self._parts.appender.append(tx, course.room, stored.event, placement).state_after or before
        return self._move(tx, course, stored, before, status)

    def _move(self, tx: Transaction, course: _Course, stored: StoredEvent, before: int, status: Status) -> int:
        after, replaces = before, None
        if stored.event.is_state:
            replaces = self._parts.snapshots.get(tx, before).get(stored.event.key)
            if status is not Status.REJECTED:
                changes: Delta = {stored.event.key: stored.event_nid}
                after = self._parts.snapshots.extend(tx, course.room.room_nid, before, changes)
        course.has_changed = course.has_changed or stored.position != HISTORY
        place = {
            "status": int(status),
            "position": None if status is Status.REJECTED else stored.position,
            "state_before": before,
            "state_after": after,
            "replaces_nid": replaces,
        }
        queries_rejected.move_place(tx, stored.event_nid, place)
        tx.publish("moved", str(stored.event_nid))
        return after

    def _before(self, tx: Transaction, course: _Course, stored: StoredEvent) -> int:
        """The state before an event: that of its predecessors, where they have a place; else what a server said."""
        event = stored.event
        if event.event_id in course.history:
            return self._parts.receiver.snapshot_of(tx, course.room, course.history[event.event_id])
        states = [course.after[one] for one in event.prev_events if one in course.after]
        if len(states) == len(event.prev_events):
            return self._parts.resolver.resolve(tx, course.room, states)
        return stored.state_before or course.after[course.join.event.event_id]

    def _status(self, tx: Transaction, room: RoomRecord, stored: StoredEvent, before: int) -> Status:
        create_id = implied_create_id(room)
        ids = {*stored.event.auth_events, *([create_id] if create_id else [])}
        cited = cited_events(room, stored.event, self._parts.loader.stored_by_id(tx, ids))
        is_allowed = is_allowed_by_cited(room, stored.event, cited)
        if not is_allowed or not self._parts.receiver.is_allowed_at(tx, room, stored.event, before):
            return Status.REJECTED
        return Status.ACCEPTED if stored.status is Status.REJECTED else stored.status

    def _move_tips(self, tx: Transaction, course: _Course) -> None:
        """The accepted events that no accepted event follows."""
        live = [
            one for one in self._placed(tx, course.room) if one.status is Status.ACCEPTED and one.position != HISTORY
        ]
        followed = {prev_id for one in live for prev_id in one.event.prev_events}
        queries_rooms.delete_tips(tx, course.room.room_nid)
        for one in live:
            if one.event.event_id not in followed:
                queries_rooms.replace_tips(tx, course.room.room_nid, (), one.event_nid)
