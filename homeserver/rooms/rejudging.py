"""Judging events again whose cause has changed: what authorises them is rejected now, or is so no longer.

An event is rejected for the events it cites and for the state before it, so that one verdict bears on others: those
that cite the event, and those whose state goes back to it. They are gone through as far as anything changes. A verdict
changes where an event that was known without its place gets one, where members that were missing become known, where an
event that had come with a tampered content comes whole, and where the state before one had been told wrongly.

https://spec.matrix.org/v1.19/server-server-api/#rejection
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from homeserver.database import Transaction
from homeserver.protocol.events import Event
from homeserver.protocol.hashing import check_content_hash
from homeserver.rooms import queries_events, queries_rejected, queries_rooms
from homeserver.rooms.append import Appender, Placement
from homeserver.rooms.current import CurrentState
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.outliers import cited_events, implied_create_id, is_allowed_by_cited
from homeserver.rooms.receiving import Receiver
from homeserver.rooms.records import RoomRecord, Status, StoredEvent
from homeserver.rooms.resolving import Resolver
from homeserver.rooms.snapshots import Snapshots

logger = logging.getLogger(__name__)

MOST_STEPS = 20_000
"""So many events are looked at for one change; those that come after keep the verdict they have."""


@dataclass(slots=True)
class _Walk:
    """What is still to be looked at, by depth, and what has changed. `moved`: event id to the state after it, where
    that is another; `tips`: events that may be tips now."""

    room: RoomRecord
    cause_nid: int
    waiting: list[tuple[int, int]] = field(default_factory=list)
    moved: dict[str, int] = field(default_factory=dict)
    tips: set[int] = field(default_factory=set)
    steps: int = 0


class Rejudging:
    """Callable in the writer thread, with the room's lock held."""

    def __init__(
        self,
        snapshots: Snapshots,
        loader: EventLoader,
        resolver: Resolver,
        appender: Appender,
        current: CurrentState,
        receiver: Receiver,
    ) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self._resolver = resolver
        self._appender = appender
        self._current = current
        self._receiver = receiver
        appender.on_gap_closed.append(self.close_gap)
        receiver.on_other_verdict.append(self.follow)
        receiver.on_known.append(self.make_whole)

    def again(self, tx: Transaction, room: RoomRecord) -> None:
        """The room's states hold more than they did: judge again what was rejected."""
        rejected = queries_rejected.rejected_after(tx, room.room_nid, 0, MOST_STEPS)
        if rejected:
            walk = _Walk(room, rejected[0])
            self._push(walk, self._loader.stored_by_nid(tx, rejected).values())
            self._go(tx, walk)

    def follow(self, tx: Transaction, room: RoomRecord, stored: StoredEvent) -> None:
        """An event has another verdict than it had: judge again those that cite it, and what follows from them."""
        walk = _Walk(room, stored.event_nid)
        self._push(walk, self._citing(tx, room, stored))
        self._go(tx, walk)

    def close_gap(self, tx: Transaction, room: RoomRecord, stored: StoredEvent) -> None:
        """What came before some events has come. Those that were rejected, maybe for a state that another server told
        wrongly, are judged again by the state that is known now."""
        rejected = queries_rejected.rejected_following(tx, stored.event.event_id)
        if rejected and stored.state_after is not None:
            walk = _Walk(room, stored.event_nid, moved={stored.event.event_id: stored.state_after})
            self._push(walk, self._loader.stored_by_nid(tx, rejected).values())
            self._go(tx, walk)

    def make_whole(self, tx: Transaction, room: RoomRecord, known: StoredEvent, event: Event) -> bool:
        """An event is here without its content, which did not fit its hash when it came, and has come with it: keep
        that, and judge it again. Whether that is so.

        Who passed the event on may have tampered with it; what its sender signed is what counts.
        """
        if known.event.encoded == event.encoded or check_content_hash(known.event.pdu, room.version):
            return False
        if not check_content_hash(event.pdu, room.version) or queries_rejected.is_redacted(tx, known.event_nid):
            return False
        queries_rejected.restore_pdu(tx, known.event_nid, event.encoded)
        self._loader.drop([known.event_nid])
        tx.publish("redacted", str(known.event_nid))
        walk = _Walk(room, known.event_nid)
        self._push(walk, [known])
        self._go(tx, walk)
        return True

    def _push(self, walk: _Walk, events: Iterable[StoredEvent]) -> None:
        for one in events:
            heappush(walk.waiting, (one.event.depth, one.event_nid))

    def _go(self, tx: Transaction, walk: _Walk) -> None:
        while walk.waiting:
            nid = heappop(walk.waiting)[1]
            while walk.waiting and walk.waiting[0][1] == nid:
                heappop(walk.waiting)
            walk.steps += 1
            if walk.steps > MOST_STEPS:
                logger.warning("%s: more follows from event number %d than is looked at", walk.room.room_id, nid)
                break
            stored = self._loader.stored_by_nid(tx, [nid])[nid]
            if stored.state_before is None:
                self._judge_outlier(tx, walk, stored)
            else:
                self._judge_placed(tx, walk, stored, stored.state_before)
        if walk.moved or walk.tips:
            self._make_current(tx, walk)

    def _judge_outlier(self, tx: Transaction, walk: _Walk, stored: StoredEvent) -> None:
        status = Status.ACCEPTED if self._is_allowed_by_cited(tx, walk.room, stored) else Status.REJECTED
        if status is not stored.status:
            queries_rejected.set_status(tx, stored.event_nid, int(status))
            self._push(walk, self._citing(tx, walk.room, self._again(tx, stored)))

    def _judge_placed(self, tx: Transaction, walk: _Walk, stored: StoredEvent, known_before: int) -> None:
        before = self._before(tx, walk, stored, known_before)
        status = self._status(tx, walk.room, stored, before)
        if before == stored.state_before and status is stored.status:
            return
        if stored.status is Status.REJECTED and status is not Status.REJECTED:
            is_live = stored.event.depth > queries_rooms.entry_depth(tx, walk.room.room_nid, self._current.server_name)
            placement = Placement(before, status, is_live=is_live, existing_nid=stored.event_nid)
            self._appender.append(tx, walk.room, stored.event, placement)
        else:
            self._move(tx, walk, stored, before, status)
        fresh = self._again(tx, stored)
        if (fresh.status is Status.REJECTED) != (stored.status is Status.REJECTED):
            walk.tips.add(stored.event_nid)
            self._push(walk, self._citing(tx, walk.room, fresh))
        if fresh.state_after is not None and fresh.state_after != stored.state_after:
            walk.moved[stored.event.event_id] = fresh.state_after
            following = queries_rejected.following(tx, stored.event.event_id)
            self._push(walk, self._loader.stored_by_nid(tx, following).values())

    def _move(self, tx: Transaction, walk: _Walk, stored: StoredEvent, before: int, status: Status) -> None:
        after, replaces = before, None
        if stored.event.is_state:
            replaces = self._snapshots.get(tx, before).get(stored.event.key)
            if status is not Status.REJECTED:
                after = self._snapshots.extend(tx, walk.room.room_nid, before, {stored.event.key: stored.event_nid})
        position = None if status is Status.REJECTED else stored.position
        row = {"status": int(status), "position": position, "state_before": before}
        queries_rejected.move_place(tx, stored.event_nid, {**row, "state_after": after, "replaces_nid": replaces})
        tx.publish("moved", str(stored.event_nid))

    def _before(self, tx: Transaction, walk: _Walk, stored: StoredEvent, known: int) -> int:
        """The state before an event, where that of what came before it has changed; what it was taken for otherwise."""
        prevs = stored.event.prev_events
        if walk.moved.keys().isdisjoint(prevs):
            return known
        around = self._loader.stored_by_id(tx, prevs)
        states = [one.state_after for one in around.values() if one.state_after is not None]
        return self._resolver.resolve(tx, walk.room, states) if len(states) == len(prevs) else known

    def _status(self, tx: Transaction, room: RoomRecord, stored: StoredEvent, before: int) -> Status:
        if not self._is_allowed_by_cited(tx, room, stored):
            return Status.REJECTED
        if not self._receiver.is_allowed_at(tx, room, stored.event, before):
            return Status.REJECTED
        if stored.status is not Status.REJECTED:
            return stored.status
        current_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        is_allowed = current_nid is None or self._receiver.is_allowed_at(tx, room, stored.event, current_nid)
        return Status.ACCEPTED if is_allowed else Status.SOFT_FAILED

    def _is_allowed_by_cited(self, tx: Transaction, room: RoomRecord, stored: StoredEvent) -> bool:
        create_id = implied_create_id(room)
        ids = {*stored.event.auth_events, *([create_id] if create_id else [])}
        cited = cited_events(room, stored.event, self._loader.stored_by_id(tx, ids))
        return is_allowed_by_cited(room, stored.event, cited)

    def _citing(self, tx: Transaction, room: RoomRecord, cause: StoredEvent) -> Sequence[StoredEvent]:
        """The events that cite one and may have another verdict for it: rejected ones where it is not, and others
        where it is."""
        is_rejected = cause.status is Status.REJECTED
        find = queries_rejected.accepted_after if is_rejected else queries_rejected.rejected_after
        nids = find(tx, room.room_nid, cause.event_nid, MOST_STEPS)
        found = self._loader.stored_by_nid(tx, nids).values()
        return [one for one in found if cause.event.event_id in one.event.auth_events]

    def _again(self, tx: Transaction, stored: StoredEvent) -> StoredEvent:
        return self._loader.stored_by_nid(tx, [stored.event_nid])[stored.event_nid]

    def _make_current(self, tx: Transaction, walk: _Walk) -> None:
        """The tips, and what is told of the room's present, by what the states are now."""
        tx.publish("room", str(walk.room.room_nid))
        self._mend_tips(tx, walk)
        tips = queries_rooms.tips(tx, walk.room.room_nid)
        snapshot_nid = self._resolver.resolve(tx, walk.room, [tip.state_after for tip in tips])
        self._current.advance(tx, walk.room, snapshot_nid, walk.cause_nid)

    def _mend_tips(self, tx: Transaction, walk: _Walk) -> None:
        """An event that is rejected is no tip; what came before it may be."""
        room_nid = walk.room.room_nid
        tips = {tip.event_nid for tip in queries_rooms.tips(tx, room_nid)}
        changed = self._loader.stored_by_nid(tx, walk.tips)
        gone = [one for one in changed.values() if one.event_nid in tips and one.status is Status.REJECTED]
        if not gone:
            return
        before = self._loader.stored_by_id(tx, {prev for one in gone for prev in one.event.prev_events})
        fresh = {
            one.event_nid
            for one in before.values()
            if one.status is Status.ACCEPTED
            and one.state_after is not None
            and not queries_events.is_referred_to(tx, one.event.event_id)
        }
        left = tips - {one.event_nid for one in gone}
        if not left and not fresh:
            return
        queries_rooms.replace_tips(tx, room_nid, [one.event_nid for one in gone], None)
        for nid in fresh - left:
            queries_rooms.replace_tips(tx, room_nid, (), nid)
