"""Writing an event whose fate is decided: its row, its place in the graph, and what it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homeserver.database import Transaction
from homeserver.protocol.events import Event
from homeserver.rooms import queries_events, queries_rooms
from homeserver.rooms.auth_graph import chain_from
from homeserver.rooms.counting import UNCOUNTED, Counting, counted_columns
from homeserver.rooms.current import CurrentState
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.outliers import authorising_ids
from homeserver.rooms.records import Counted, Fork, RoomRecord, Status, StoredEvent, Tip
from homeserver.rooms.redacting import Redactor
from homeserver.rooms.resolving import Resolver
from homeserver.rooms.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class Placement:
    """What was decided of an event before it is written.

    `is_live`: it is new and goes to clients; otherwise it is history. `is_outbound`: this server tells the others.
    `existing_nid`: it is here already, as an outlier. `unplaced`: what it comes after and has no place; None: to be
    looked up.
    """

    state_before: int
    status: Status
    is_outbound: bool = False
    is_live: bool = True
    is_local: bool = False
    existing_nid: int | None = None
    unplaced: Sequence[str] | None = None


OnAccepted = Callable[[Transaction, RoomRecord, StoredEvent], None]
"""Called within the transaction for each event that became part of a room's history."""

OnFork = Callable[[Transaction, RoomRecord, Fork], None]
"""Called within the transaction for each live event of another server that came beside what the room has."""


class Appender:
    """Writes events. Callable in the writer thread, with the room's lock held.

    `on_accepted`: slices that keep something of each accepted event, live or fetched backwards (`position` 0).
    `on_fork`: is told once the room's current state includes the event. `on_gap_closed`: is told of each event that
    others came before, and so of the state after it, which had been another server's word.
    """

    def __init__(
        self, snapshots: Snapshots, loader: EventLoader, resolver: Resolver, current: CurrentState, redactor: Redactor
    ) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self._resolver = resolver
        self._current = current
        self._redactor = redactor
        self._counting = Counting(snapshots, loader)
        self.on_accepted: list[OnAccepted] = []
        self.on_fork: list[OnFork] = []
        self.on_gap_closed: list[OnAccepted] = []

    def append(self, tx: Transaction, room: RoomRecord, event: Event, placement: Placement) -> StoredEvent:
        """Write an event with its state, move the tips, and make what follows from it current."""
        nid = placement.existing_nid or tx.allocate("events", "event_nid")
        state_after, replaces = self._state_after(tx, room, event, placement, nid)
        position = self._position(tx, room, event, placement)
        counted, columns = self._count(tx, room, event, placement, position)
        row = {
            **columns,
            "position": position,
            "status": int(placement.status),
            "outbound": int(placement.is_outbound),
            "state_before": placement.state_before,
            "state_after": state_after,
            "replaces_nid": replaces,
        }
        if placement.existing_nid is None:
            queries_events.insert_event(tx, {**event_row(tx, room, event, nid), **row})
            self._loader.put(nid, event)
        else:
            queries_events.place_event(tx, nid, row)
        queries_events.insert_edges(tx, nid, event.prev_events)
        stored = StoredEvent(nid, event, position, placement.status, placement.state_before, state_after, counted)
        was_gap = not placement.is_local and self._close_gap(tx, room, stored, placement.unplaced)
        if placement.status is Status.ACCEPTED:
            self._accepted(tx, room, stored, placement)
        for hook in self.on_gap_closed if was_gap else ():
            hook(tx, room, stored)
        return stored

    def _state_after(
        self, tx: Transaction, room: RoomRecord, event: Event, placement: Placement, nid: int
    ) -> tuple[int, int | None]:
        if not event.is_state:
            return placement.state_before, None
        replaces = self._snapshots.get(tx, placement.state_before).get(event.key)
        if placement.status is Status.REJECTED:
            return placement.state_before, replaces
        return self._snapshots.extend(tx, room.room_nid, placement.state_before, {event.key: nid}), replaces

    def _position(self, tx: Transaction, room: RoomRecord, event: Event, placement: Placement) -> int | None:
        if placement.status is not Status.ACCEPTED:
            return None
        if not placement.is_local and not self._redactor.is_shown(tx, room, event, placement.state_before):
            return None
        if not placement.is_live:
            return 0
        if placement.is_outbound:
            tx.publish("outbound", str(room.room_nid))
        return tx.publish("room", str(room.room_nid))

    def _count(
        self, tx: Transaction, room: RoomRecord, event: Event, placement: Placement, position: int | None
    ) -> tuple[Counted | None, Mapping[str, Any]]:
        """How it counts, and the columns that say so."""
        if position:
            counted = self._counting.count(tx, room.room_nid, event, placement.state_before)
            return counted, counted_columns(counted)
        if placement.status is Status.ACCEPTED:
            return None, self._counting.thread_columns(tx, room.room_nid, event)
        return None, UNCOUNTED

    def _find_unplaced(self, tx: Transaction, event: Event) -> Sequence[str]:
        known = self._loader.stored_by_id(tx, event.prev_events)
        return [prev for prev in event.prev_events if prev not in known or known[prev].state_after is None]

    def _close_gap(
        self, tx: Transaction, room: RoomRecord, stored: StoredEvent, known_unplaced: Sequence[str] | None
    ) -> bool:
        """Others may have referred to it (the answer), and it may refer to what is not here."""
        event = stored.event
        unplaced = self._find_unplaced(tx, event) if known_unplaced is None else known_unplaced
        was_gap = queries_rooms.delete_gap(tx, room.room_nid, event.event_id)
        queries_rooms.insert_gaps(tx, room.room_nid, unplaced, event.depth)
        if unplaced and stored.position:
            queries_rooms.insert_timeline_gap(tx, room.room_nid, stored.position)
        return was_gap

    def _accepted(self, tx: Transaction, room: RoomRecord, stored: StoredEvent, placement: Placement) -> None:
        for hook in self.on_accepted:
            hook(tx, room, stored)
        if placement.is_live:
            self._move_tips(tx, room, stored, placement)
        if stored.event.type == "m.room.redaction":
            self._redactor.apply(tx, room, stored)
        if not placement.is_local:
            self._redactor.apply_pending(tx, room, stored)

    def _move_tips(self, tx: Transaction, room: RoomRecord, stored: StoredEvent, placement: Placement) -> None:
        event = stored.event
        tips = queries_rooms.tips(tx, room.room_nid)
        gone = [tip.event_nid for tip in tips if tip.event_id in event.prev_events]
        left = [tip for tip in tips if tip.event_nid not in gone]
        is_tip = placement.is_local or not queries_events.is_referred_to(tx, event.event_id)
        queries_rooms.replace_tips(tx, room.room_nid, gone, stored.event_nid if is_tip else None)
        if stored.state_after is None:
            raise AssertionError("an accepted live event has a state")
        if not event.is_state and not left and is_tip and _is_current(tips, gone, stored.state_after):
            return
        states = [tip.state_after for tip in left] + ([stored.state_after] if is_tip or not left else [])
        snapshot_nid = self._resolver.resolve(tx, room, states)
        if not left and event.is_state and placement.is_local:
            self._current.write(tx, room, snapshot_nid, {event.key: stored.event_nid}, stored.event_nid)
        else:
            self._current.advance(tx, room, snapshot_nid, stored.event_nid)
        if left and not placement.is_local:
            for hook in self.on_fork:
                hook(tx, room, Fork(stored, tuple(left), placement.is_outbound))


def _is_current(tips: list[Tip], gone: list[int], state_after: int) -> bool:
    """Whether a message on top of the only tip leaves the state as it is."""
    return len(tips) == 1 and len(gone) == 1 and tips[0].state_after == state_after


def event_row(tx: Transaction, room: RoomRecord, event: Event, nid: int) -> dict[str, Any]:
    """The columns of an event that do not depend on its place; those that do are empty, as for an outlier."""
    auth_nids = queries_events.nids_by_id(tx, authorising_ids(room, event)) if event.is_state else {}
    return {
        "event_nid": nid,
        "event_id": event.event_id,
        "room_nid": room.room_nid,
        "position": None,
        "depth": event.depth,
        "type": event.type,
        "state_key": event.state_key,
        "sender": event.sender,
        "origin_server_ts": event.origin_server_ts,
        "status": int(Status.ACCEPTED),
        "outbound": 0,
        "state_before": None,
        "state_after": None,
        "replaces_nid": None,
        **UNCOUNTED,
        "auth_chain": chain_from(tx, list(auth_nids.values())).serialize() if event.is_state else None,
        "pdu": event.encoded,
    }
