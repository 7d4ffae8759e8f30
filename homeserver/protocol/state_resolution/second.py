"""The algorithm of room versions 2 to 11, and 2.1 of version 12, which starts from nothing and takes in the
conflicted state subgraph: https://spec.matrix.org/v1.19/rooms/v12/#state-resolution
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from homeserver.protocol.auth_rules import AuthError, auth_state_keys, check_auth
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.room_versions import RoomVersion
from homeserver.protocol.state_resolution.graph import AuthGraph
from homeserver.protocol.state_resolution.ordering import Orderings

CREATE: StateKey = ("m.room.create", "")
POWER: StateKey = ("m.room.power_levels", "")


def resolve_second(
    version: RoomVersion,
    state_sets: Sequence[Mapping[StateKey, str]],
    separated: tuple[dict[StateKey, str], dict[StateKey, set[str]]],
    graph: AuthGraph,
) -> dict[StateKey, str]:
    """Steps 1 to 5 of the algorithm."""
    unconflicted, conflicted = separated
    claimed = {event_id for ids in conflicted.values() for event_id in ids}
    is_second_edition = version.state_resolution == "v2.1"
    difference = graph.auth_difference([set(state.values()) for state in state_sets])
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
    start = {} if is_second_edition else dict(unconflicted)
    checks = IterativeChecks(source, unconflicted)
    partial = checks.apply(start, orderings.by_power([full[one] for one in power_ids]))
    rest = [event for one, event in full.items() if one not in power_ids]
    resolved = checks.apply(partial, orderings.by_mainline(rest, partial.get(POWER)))
    resolved.update(unconflicted)
    return resolved


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
    """The iterative auth checks algorithm."""

    def __init__(self, source: EventSource, unconflicted: Mapping[StateKey, str]) -> None:
        self._source = source
        self._create_id = unconflicted.get(CREATE)

    def apply(self, state: Mapping[StateKey, str], events: Sequence[Event]) -> dict[StateKey, str]:
        """The state after those of the events, in their order, that it allows."""
        result = dict(state)
        for event in events:
            if event.is_state and self._is_allowed(event, result):
                result[event.key] = event.event_id
        return result

    def _is_allowed(self, event: Event, state: Mapping[StateKey, str]) -> bool:
        wanted = auth_state_keys(event.type, event.state_key, event.sender, event.content, event.version)
        around = {one.key: one for one in self._source.cited(event) if one.is_state and one.key in wanted}
        ids = {key: state[key] for key in wanted if key in state}
        create_id = state.get(CREATE, self._create_id)
        if create_id is None and event.version.room_id_is_create_hash:
            create_id = "$" + event.room_id[1:]
        if create_id is not None:
            ids[CREATE] = create_id
        known = self._source.get_many(ids.values())
        around.update({key: known[event_id] for key, event_id in ids.items() if event_id in known})
        try:
            check_auth(event, around)
        except AuthError:
            return False
        return True
