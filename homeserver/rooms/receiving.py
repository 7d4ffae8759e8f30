"""Deciding over an event from another server. Signature, hash and format were checked before.

https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from homeserver.database import Transaction
from homeserver.protocol.auth_rules import AuthError, auth_state_keys, check_auth
from homeserver.protocol.events import Event, StateKey
from homeserver.rooms import queries_events, queries_rooms
from homeserver.rooms.append import Appender, Placement
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.outliers import OnKnown, cited_events, implied_create_id, is_allowed_by_cited
from homeserver.rooms.records import RoomRecord, Status, StoredEvent
from homeserver.rooms.resolving import Resolver
from homeserver.rooms.snapshots import Snapshots, State, difference
from homeserver.rooms.unseen import MEMBER, UnseenMembers


@dataclass(frozen=True, slots=True)
class Missing:
    """What has to be fetched before the event can be decided."""

    prev_events: tuple[str, ...]
    auth_events: tuple[str, ...]


Verdict = StoredEvent | Missing
"""The event as it was stored (its `status` says how it fared), or what is missing."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event and how it came: `is_live` false for history fetched backwards; `is_outbound` when this server
    answers for it to the others (a join it let in); `is_entry` for the join by which this server comes into the room,
    so that what it knew of its current state is of another day; `is_root`: that its states are to build on none of
    those. What was fetched: `state_ids`, the state before it, or
    `states_after`, the state after those of its prev_events that have no place here."""

    event: Event
    is_live: bool = True
    is_outbound: bool = False
    is_entry: bool = False
    is_root: bool = False
    state_ids: Mapping[StateKey, str] | None = None
    states_after: Mapping[str, Mapping[StateKey, str]] = field(default_factory=dict)


OnOtherVerdict = Callable[[Transaction, RoomRecord, StoredEvent], None]
"""Called within the transaction with an event that was known without its place and has another verdict with it."""


class Receiver:
    """Decides and writes. Callable in the writer thread, with the room's lock held."""

    def __init__(
        self,
        snapshots: Snapshots,
        loader: EventLoader,
        resolver: Resolver,
        appender: Appender,
        unseen: UnseenMembers,
    ) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self._resolver = resolver
        self._appender = appender
        self._unseen = unseen
        self.on_other_verdict: list[OnOtherVerdict] = []
        self.on_known: list[OnKnown] = []

    def receive(self, tx: Transaction, room: RoomRecord, arrival: Arrival) -> Verdict:
        """Accept, soft-fail or reject an event and store it so; or say what is missing."""
        event = arrival.event
        ids = {event.event_id, *event.prev_events, *event.auth_events}
        create_id = implied_create_id(room)
        around = self._loader.stored_by_id(tx, ids | {create_id} if create_id else ids)
        existing = self._as_known(tx, room, event, around.pop(event.event_id, None))
        if existing is not None and existing.state_after is not None:
            return existing
        missing = _missing(room, arrival, around)
        if missing is not None:
            begins = None if arrival.is_live or missing.auth_events else self._unseen.find_root(tx, room)
            if begins is None:
                return missing
            snapshot_nid = begins
        else:
            snapshot_nid = self._state_before(tx, room, arrival, around)
        status = self._decide(tx, room, arrival, around, snapshot_nid)
        placement = Placement(
            snapshot_nid,
            status,
            is_outbound=arrival.is_outbound,
            is_live=arrival.is_live,
            existing_nid=None if existing is None else existing.event_nid,
            unplaced=[prev for prev in event.prev_events if prev not in around or around[prev].state_after is None],
        )
        stored = self._appender.append(tx, room, event, placement)
        if existing is not None and (existing.status is Status.REJECTED) != (status is Status.REJECTED):
            for hook in self.on_other_verdict:
                hook(tx, room, stored)
        return stored

    def _as_known(
        self, tx: Transaction, room: RoomRecord, event: Event, known: StoredEvent | None
    ) -> StoredEvent | None:
        if known is None or known.event.encoded == event.encoded:
            return known
        is_other = [hook(tx, room, known, event) for hook in self.on_known]
        return self._loader.find_stored(tx, event.event_id) if any(is_other) else known

    def snapshot_of(
        self, tx: Transaction, room: RoomRecord, state_ids: Mapping[StateKey, str], *, is_root: bool = False
    ) -> int:
        """The snapshot of a state that was fetched; events that were rejected or are not here are left out. `is_root`:
        it builds on no other."""
        good = queries_events.unrejected_by_id(tx, list(state_ids.values()))
        state = State({key: good[event_id] for key, event_id in state_ids.items() if event_id in good})
        current_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        if current_nid is None or is_root:
            return self._snapshots.extend(tx, room.room_nid, None, dict(state))
        changes = difference(self._snapshots.get(tx, current_nid), state)
        return self._snapshots.extend(tx, room.room_nid, current_nid, changes) if changes else current_nid

    def _state_before(
        self, tx: Transaction, room: RoomRecord, arrival: Arrival, around: Mapping[str, StoredEvent]
    ) -> int:
        if arrival.state_ids is not None:
            return self.snapshot_of(tx, room, arrival.state_ids, is_root=arrival.is_root)
        states = []
        for prev in arrival.event.prev_events:
            after = _state_after(room, around.get(prev))
            states.append(self.snapshot_of(tx, room, arrival.states_after[prev]) if after is None else after)
        return self._resolver.resolve(tx, room, states)

    def _decide(
        self,
        tx: Transaction,
        room: RoomRecord,
        arrival: Arrival,
        around: Mapping[str, StoredEvent],
        snapshot_nid: int,
    ) -> Status:
        """Rules 4, 5 and 6 of the checks on receipt."""
        event = arrival.event
        if not is_allowed_by_cited(room, event, cited_events(room, event, around)):
            return Status.REJECTED
        if not arrival.is_live and self._unseen.find_root(tx, room) is not None:
            # The state then is not known before that of today is, and then the event is judged again.
            return Status.ACCEPTED
        if not self.is_allowed_at(tx, room, event, snapshot_nid):
            return Status.REJECTED
        current_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        if not arrival.is_live or arrival.is_entry or current_nid is None or current_nid == snapshot_nid:
            return Status.ACCEPTED
        return Status.ACCEPTED if self.is_allowed_at(tx, room, event, current_nid) else Status.SOFT_FAILED

    def is_allowed_at(self, tx: Transaction, room: RoomRecord, event: Event, snapshot_nid: int) -> bool:
        """Whether a state allows an event; where it lacks members that are not known yet, as far as can be told."""
        state = self._snapshots.get(tx, snapshot_nid)
        keys = auth_state_keys(event.type, event.state_key, event.sender, event.content, event.version)
        keys.add(("m.room.create", ""))
        absent = [key for key in keys if key[0] == MEMBER and key not in state]
        if absent and self._unseen.see_completed(tx, room):
            state = self._snapshots.get(tx, snapshot_nid)
        nids = {key: nid for key in keys if (nid := state.get(key)) is not None}
        events = self._loader.get_many(tx, list(nids.values()))
        decisive = {key: events[nid] for key, nid in nids.items()}
        if absent:
            stand_ins = self._unseen.stand_ins(tx, room, event, absent)
            decisive = {**stand_ins, **decisive}
        try:
            check_auth(event, decisive)
        except AuthError:
            return False
        return True


class ReceivingRun:
    """Receives live events of a room in order, up to the first that can not be: the others are then passed over, so
    that none is judged before those that came ahead of it. Each is a body of its own, with its own savepoint and
    position; those that wait together are committed together.

    Bodies run in the order of their places, and in this order again where their batch was undone.
    """

    def __init__(self, receiver: Receiver, room: RoomRecord) -> None:
        self._receiver = receiver
        self._room = room
        self._stopped_at: int | None = None

    def receive(self, tx: Transaction, place: int, event: Event) -> Verdict | None:
        """See `Receiver.receive`; None for what comes after the end of the run. `place`: the event's in the run."""
        if self._stopped_at is not None and self._stopped_at < place:
            return None
        self._stopped_at = place
        verdict = self._receiver.receive(tx, self._room, Arrival(event))
        if isinstance(verdict, StoredEvent):
            self._stopped_at = None
        return verdict


def _missing(room: RoomRecord, arrival: Arrival, around: Mapping[str, StoredEvent]) -> Missing | None:
    event = arrival.event
    auth = tuple(auth_id for auth_id in event.auth_events if auth_id not in around)
    prev: tuple[str, ...] = ()
    if arrival.state_ids is None:
        prev = tuple(
            prev_id
            for prev_id in event.prev_events
            if prev_id not in arrival.states_after and _state_after(room, around.get(prev_id)) is None
        )
    return Missing(prev, auth) if auth or prev else None


def _state_after(room: RoomRecord, stored: StoredEvent | None) -> int | None:
    """The state after an event of the room; None where it has no place in it, be it that it is of another room."""
    return stored.state_after if stored is not None and stored.event.room_id == room.room_id else None
