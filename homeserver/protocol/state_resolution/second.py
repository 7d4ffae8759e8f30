"""The algorithm of room versions 2 to 11, and 2.1 of version 12, which starts from nothing and takes in the
conflicted state subgraph: https://spec.matrix.org/v1.19/rooms/v12/#state-resolution
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from homeserver.protocol.auth_rules import AuthError, auth_state_keys, check_auth
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.room_versions import RoomVersion
from homeserver.protocol.state_resolution.graph import AuthGraph, StateLookup
from homeserver.protocol.state_resolution.ordering import Orderings

CREATE: StateKey = ("m.room.create", "")
POWER: StateKey = ("m.room.power_levels", "")


@dataclass(frozen=True, slots=True)
class Conflict:
    """What states agree on and what not. `sets`: the events of each state that their auth chains are compared by."""

    unconflicted: StateLookup
    conflicted: Mapping[StateKey, set[str]]
    sets: Sequence[Collection[str]]


@dataclass(frozen=True, slots=True)
class Step:
    """One event tried in the iterative auth checks: among the `power` events or the `rest`, and what refused it."""

    among: str
    event_id: str
    refusal: str | None


Note = Callable[[Step], None]


def resolve_second(
    version: RoomVersion, conflict: Conflict, graph: AuthGraph, note: Note | None = None
) -> dict[StateKey, str]:
    """Steps 1 to 5 of the algorithm; what the result has beside the unconflicted state. `note` is told of each event
    that is tried, in order."""
    unconflicted = conflict.unconflicted
    claimed = {event_id for ids in conflict.conflicted.values() for event_id in ids}
    is_second_edition = version.state_resolution == "v2.1"
    difference = graph.auth_difference(conflict.sets)
    full_ids = claimed | difference
    if is_second_edition:
        full_ids |= graph.conflicted_subgraph(claimed)
    # A path that leaves the auth difference ends among what all chains have; from there only a conflicted event that
    # all chains have could be reached, and the conflicted subgraph holds what leads to one.
    is_closed = is_second_edition or claimed <= difference
    source = EventSource(graph)
    full = source.get_many(full_ids)
    orderings = Orderings(source)

    power_ids = {one for one, event in full.items() if is_power_event(event)}
    power_ids = orderings.with_chains(power_ids, full.keys(), is_closed=is_closed)
    checks = IterativeChecks(source, {} if is_second_edition else unconflicted, unconflicted.get(CREATE))
    checks.apply(orderings.by_power([full[one] for one in power_ids]), "power", note)
    rest = [event for one, event in full.items() if one not in power_ids]
    checks.apply(orderings.by_mainline(rest, checks.find(POWER)), "rest", note)
    return {key: event_id for key, event_id in checks.applied.items() if key not in unconflicted}


def is_power_event(event: Event) -> bool:
    """Whether it might take somebody's ability to do something away."""
    if event.type in ("m.room.power_levels", "m.room.join_rules"):
        return event.state_key == ""
    return event.membership in ("leave", "ban") and event.sender != event.state_key


class EventSource:
    """The graph's events, each asked for once."""

    def __init__(self, graph: AuthGraph) -> None:
        self._graph = graph
        self._events: dict[str, Event] = {}
        self._unknown: set[str] = set()

    def get_many(self, ids: Collection[str]) -> dict[str, Event]:
        """Those that exist."""
        missing = [one for one in ids if one not in self._events and one not in self._unknown]
        if missing:
            found = self._graph.events(missing)
            self._events.update(found)
            self._unknown.update(one for one in missing if one not in found)
        return {one: self._events[one] for one in ids if one in self._events}

    def cited(self, event: Event) -> list[Event]:
        """The events that authorise an event."""
        return list(self.get_many(event.auth_events).values())


class IterativeChecks:
    """The iterative auth checks algorithm. `applied`: what the events allowed so far have made of the state they began
    with, which is never copied, since it may be large."""

    def __init__(self, source: EventSource, start: StateLookup, create_id: str | None) -> None:
        self._source = source
        self._start = start
        self._create_id = create_id
        self.applied: dict[StateKey, str] = {}

    def apply(self, events: Sequence[Event], among: str, note: Note | None = None) -> None:
        """Apply those of the events, in their order, that the state allows."""
        for event in events:
            if not event.is_state:
                continue
            refusal = self._find_refusal(event)
            if refusal is None:
                self.applied[event.key] = event.event_id
            if note is not None:
                note(Step(among, event.event_id, refusal))

    def find(self, key: StateKey) -> str | None:
        """The event of a key in the state as it is now."""
        return self.applied.get(key) or self._start.get(key)

    def _find_refusal(self, event: Event) -> str | None:
        """Why the auth rules do not allow an event; None where they do."""
        wanted = auth_state_keys(event.type, event.state_key, event.sender, event.content, event.version)
        around = {one.key: one for one in self._source.cited(event) if one.is_state and one.key in wanted}
        ids = {key: event_id for key in wanted if (event_id := self.find(key)) is not None}
        create_id = self.find(CREATE) or self._create_id
        if create_id is None and event.version.room_id_is_create_hash:
            create_id = "$" + event.room_id[1:]
        if create_id is not None:
            ids[CREATE] = create_id
        known = self._source.get_many(ids.values())
        around.update({key: known[event_id] for key, event_id in ids.items() if event_id in known})
        try:
            check_auth(event, around)
        except AuthError as error:
            return str(error)
        return None
