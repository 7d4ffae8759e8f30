"""Building this server's own events: the draft, its place in the graph, its authorisation, its signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from homeserver.database import Transaction
from homeserver.protocol.auth_rules import AuthError, auth_state_keys, check_auth
from homeserver.protocol.errors import MatrixError, bad_json, forbidden
from homeserver.protocol.events import Event, EventTooLarge, InvalidEvent, NewEvent, StateKey, new_event
from homeserver.rooms import queries_rooms
from homeserver.rooms.append import Appender, Placement
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import EventDraft, RoomRecord, Status, StoredEvent, Tip
from homeserver.rooms.resolving import Resolver
from homeserver.rooms.snapshots import EMPTY, Snapshots, State

MOST_PREV_EVENTS = 10
"""An event may cite 20; citing fewer leaves room for those who merge."""

_MOST_DEPTH = 2**53 - 1

SignEvent = Callable[[dict[str, Any], Any], dict[str, Any]]
"""(pdu without signature, room version) to the pdu signed by this server."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new event goes: the tips it cites and the state before it."""

    tips: Sequence[Tip]
    snapshot_nid: int | None
    state: State


@dataclass(frozen=True, slots=True)
class Composed:
    """An event that was built and has passed the auth rules, and where it goes."""

    event: Event
    place: Place


class Composer:
    """Builds, authorises and appends local events. Callable in the writer thread, with the room's lock held."""

    def __init__(
        self, snapshots: Snapshots, loader: EventLoader, resolver: Resolver, appender: Appender, sign: SignEvent
    ) -> None:
        self._snapshots = snapshots
        self._loader = loader
        self._resolver = resolver
        self._appender = appender
        self._sign = sign

    def append(self, tx: Transaction, room: RoomRecord, draft: EventDraft, *, now_ms: int) -> StoredEvent:
        """Append a local event. Setting a state to what it is already returns the event that did so.

        Raises `MatrixError`: 403 `M_FORBIDDEN` by the auth rules, 400 or 413 for an event that can not be.
        """
        place = self.place(tx, room)
        existing = self._same_state(tx, place, draft)
        if existing is not None:
            return existing
        composed = self.compose(tx, room, draft, place, now_ms=now_ms)
        snapshot_nid = place.snapshot_nid
        if snapshot_nid is None:
            snapshot_nid = self._snapshots.extend(tx, room.room_nid, None, {})
        placement = Placement(snapshot_nid, Status.ACCEPTED, is_outbound=True, is_local=True)
        return self._appender.append(tx, room, composed.event, placement)

    def place(self, tx: Transaction, room: RoomRecord) -> Place:
        """The tips of the room and the state after them; an empty state in a room that has no event."""
        tips = queries_rooms.tips(tx, room.room_nid)[-MOST_PREV_EVENTS:]
        if not tips:
            return Place((), None, EMPTY)
        snapshot_nid = self._resolver.resolve(tx, room, [tip.state_after for tip in tips])
        return Place(tips, snapshot_nid, self._snapshots.get(tx, snapshot_nid))

    def compose(self, tx: Transaction, room: RoomRecord, draft: EventDraft, place: Place, *, now_ms: int) -> Composed:
        """Build and sign an event for a place, and check it by the auth rules of its room version."""
        auth_state = self.auth_state(tx, room, draft, place.state)
        fields = self.fields(room, draft, place, auth_state, now_ms=now_ms)
        try:
            event = new_event(fields, room.version, lambda pdu: self._sign(pdu, room.version))
        except InvalidEvent as error:
            raise _refused(error) from error
        check_allowed(event, auth_state)
        return Composed(event, place)

    def template(self, tx: Transaction, room: RoomRecord, draft: EventDraft, *, now_ms: int) -> dict[str, Any]:
        """The event as another server is to fill in and sign it: allowed by the room as it is, unsigned, no hashes."""
        place = self.place(tx, room)
        auth_state = self.auth_state(tx, room, draft, place.state)
        fields = self.fields(room, draft, place, auth_state, now_ms=now_ms)
        try:
            event = new_event(fields, room.version, lambda pdu: {**pdu, "signatures": {}})
        except InvalidEvent as error:
            raise _refused(error) from error
        check_allowed(event, auth_state)
        return {key: value for key, value in event.pdu.items() if key not in ("hashes", "signatures", "event_id")}

    def auth_state(self, tx: Transaction, room: RoomRecord, draft: EventDraft, state: State) -> dict[StateKey, Event]:
        """The state that decides over an event like this one, the create event always included."""
        keys = auth_state_keys(draft.type, draft.state_key, draft.sender, draft.content, room.version)
        keys.add(("m.room.create", ""))
        nids = {key: nid for key in keys if (nid := state.get(key)) is not None}
        events = self._loader.get_many(tx, list(nids.values()))
        return {key: events[nid] for key, nid in nids.items()}

    def fields(
        self,
        room: RoomRecord,
        draft: EventDraft,
        place: Place,
        auth_state: dict[StateKey, Event],
        *,
        now_ms: int,
    ) -> NewEvent:
        """All fields of an event but hashes, signatures and id."""
        cited = [
            event.event_id
            for key, event in auth_state.items()
            if not (key[0] == "m.room.create" and room.version.room_id_is_create_hash)
        ]
        return NewEvent(
            room_id=room.room_id,
            type=draft.type,
            sender=draft.sender,
            content=draft.content,
            state_key=draft.state_key,
            redacts=draft.redacts,
            prev_events=[tip.event_id for tip in place.tips],
            auth_events=sorted(cited),
            depth=min(max((tip.depth for tip in place.tips), default=0) + 1, _MOST_DEPTH),
            origin_server_ts=now_ms if draft.origin_server_ts is None else draft.origin_server_ts,
        )

    def _same_state(self, tx: Transaction, place: Place, draft: EventDraft) -> StoredEvent | None:
        if draft.state_key is None:
            return None
        nid = place.state.get((draft.type, draft.state_key))
        if nid is None:
            return None
        stored = self._loader.stored_by_nid(tx, [nid])[nid]
        same = stored.event.sender == draft.sender and stored.event.content == draft.content
        return stored if same else None


def check_allowed(event: Event, auth_state: dict[StateKey, Event]) -> None:
    """Raise 403 `M_FORBIDDEN` with the rule's own words where the auth rules refuse an event."""
    try:
        check_auth(event, auth_state)
    except AuthError as error:
        raise forbidden(str(error)) from error


def _refused(error: InvalidEvent) -> MatrixError:
    if isinstance(error, EventTooLarge):
        return MatrixError(413, "M_TOO_LARGE", str(error))
    return bad_json(str(error))
