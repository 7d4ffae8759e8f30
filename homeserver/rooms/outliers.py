"""Events whose place in the graph is not known: auth chains, and the state that comes with a join or a gap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from pyroaring import BitMap

from homeserver.database import Transaction
from homeserver.protocol.auth_rules import AuthError, check_auth, check_auth_events
from homeserver.protocol.events import Event, StateKey, redacted_event
from homeserver.rooms import queries_events
from homeserver.rooms.auth_graph import chains_of
from homeserver.rooms.counting import UNCOUNTED
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import RoomRecord, Status, StoredEvent


def implied_create_id(room: RoomRecord) -> str | None:
    """The create event's id where events do not cite it (room version 12 on): the room id with the other sigil."""
    return "$" + room.room_id[1:] if room.version.room_id_is_create_hash else None


OnKnown = Callable[[Transaction, RoomRecord, StoredEvent, Event], bool]
"""Called within the transaction with an event as it is kept and as it comes again; whether it is kept otherwise now."""


class Outliers:
    """Stores outliers, each checked against the events it cites. Callable in the writer thread."""

    def __init__(self, loader: EventLoader) -> None:
        self._loader = loader
        self.on_known: list[OnKnown] = []

    def add(self, tx: Transaction, room: RoomRecord, events: Iterable[Event]) -> dict[str, StoredEvent]:
        """Store what is not here yet; every one of them as it is stored now. Signatures were checked before.

        An event whose auth events are not all at hand is left out: it cannot be judged.
        """
        by_id = {event.event_id: event for event in events if event.room_id == room.room_id}
        known = self._known(tx, room, by_id)
        order = auth_order({event_id: event for event_id, event in by_id.items() if event_id not in known})
        fresh = [by_id[event_id] for event_id in order]
        cited = {auth_id for event in fresh for auth_id in event.auth_events} - by_id.keys()
        create_id = implied_create_id(room)
        if create_id is not None and create_id not in by_id:
            cited.add(create_id)
        around = {**known, **self._loader.stored_by_id(tx, cited)}
        chains = chains_of(tx, [stored.event_nid for stored in around.values()])
        rows = [
            self._row(tx, room, event, around, chains)
            for event in fresh
            if all(auth_id in around for auth_id in event.auth_events)
        ]
        queries_events.insert_events(tx, rows)
        return {event_id: around[event_id] for event_id in by_id if event_id in around}

    def _known(self, tx: Transaction, room: RoomRecord, events: Mapping[str, Event]) -> dict[str, StoredEvent]:
        known = self._loader.stored_by_id(tx, events)
        others = [one for one in known.values() if one.event.encoded != events[one.event.event_id].encoded]
        is_other = [hook(tx, room, one, events[one.event.event_id]) for one in others for hook in self.on_known]
        return self._loader.stored_by_id(tx, events) if any(is_other) else known

    def _row(
        self,
        tx: Transaction,
        room: RoomRecord,
        event: Event,
        around: dict[str, StoredEvent],
        chains: dict[int, BitMap],
    ) -> dict[str, Any]:
        nid = tx.allocate("events", "event_nid")
        cited = cited_events(room, event, around)
        auth_nids = [stored.event_nid for stored in cited.values()]
        chains[nid] = BitMap.union(BitMap(auth_nids), *(chains[auth_nid] for auth_nid in auth_nids))
        status = Status.ACCEPTED if is_allowed_by_cited(room, event, cited) else Status.REJECTED
        around[event.event_id] = StoredEvent(nid, event, None, status, None, None)
        self._loader.put(nid, event)
        return outlier_row(room, event, nid, status, chains[nid])


def cited_events(room: RoomRecord, event: Event, around: Mapping[str, StoredEvent]) -> dict[str, StoredEvent]:
    """The events that authorise this one, of those known, the implied create event among them."""
    return {auth_id: around[auth_id] for auth_id in authorising_ids(room, event) if auth_id in around}


def authorising_ids(room: RoomRecord, event: Event) -> list[str]:
    """The ids of the events that authorise this one, the implied create event among them."""
    create_id = implied_create_id(room)
    if create_id is None or event.type == "m.room.create":
        return list(event.auth_events)
    return [*event.auth_events, create_id]


def is_allowed_by_cited(room: RoomRecord, event: Event, cited: Mapping[str, StoredEvent]) -> bool:
    """Whether the auth rules pass, the cited events taken as the state."""
    create_id = implied_create_id(room)
    explicit = {auth_id: stored.event for auth_id, stored in cited.items() if auth_id != create_id}
    if any(auth_id not in cited for auth_id in event.auth_events):
        return False
    rejected = {auth_id for auth_id, stored in cited.items() if stored.status is Status.REJECTED}
    state: dict[StateKey, Event] = {
        stored.event.key: stored.event for stored in cited.values() if stored.event.is_state
    }
    try:
        check_auth_events(event, explicit, rejected)
        check_auth(event, state)
    except AuthError:
        return False
    return True


def outlier_row(room: RoomRecord, event: Event, nid: int, status: Status, chain: BitMap) -> dict[str, Any]:
    """The columns of an event that has no place."""
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
        "status": int(status),
        "outbound": 0,
        "state_before": None,
        "state_after": None,
        "replaces_nid": None,
        **UNCOUNTED,
        "auth_chain": chain.serialize(),
        "pdu": event.encoded,
    }


def redacted_form(event: Event) -> bytes:
    """The event without what a redaction removes, as it is kept when its content hash is wrong."""
    return redacted_event(event).encoded


class Citing(Protocol):
    """An event, as far as its order goes."""

    @property
    def type(self) -> str: ...
    @property
    def auth_events(self) -> Sequence[str]: ...


def auth_order(events: Mapping[str, Citing]) -> list[str]:
    """Those cited before those that cite, the create event first, which from room version 12 on nobody cites by id.

    Iterative, since hostile chains are long.
    """
    ordered: list[str] = []
    state: dict[str, bool] = {}
    for root in sorted(events, key=lambda event_id: events[event_id].type != "m.room.create"):
        stack = [root]
        while stack:
            event_id = stack[-1]
            if state.get(event_id):
                stack.pop()
                continue
            pending = [auth_id for auth_id in events[event_id].auth_events if auth_id in events]
            waiting = [auth_id for auth_id in pending if auth_id not in state]
            if event_id in state or not waiting:
                state[event_id] = True
                ordered.append(event_id)
                stack.pop()
            else:
                state[event_id] = False
                stack.extend(waiting)
    return ordered
