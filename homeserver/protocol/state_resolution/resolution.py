"""Choosing the algorithm of a room version, and what all but the first begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from homeserver.protocol.events import StateKey
from homeserver.protocol.room_versions import RoomVersion
from homeserver.protocol.state_resolution.first import resolve_first
from homeserver.protocol.state_resolution.graph import AuthGraph, StateLookup
from homeserver.protocol.state_resolution.second import Conflict, Note, resolve_second

StateSet = Mapping[StateKey, str]


def resolve(version: RoomVersion, state_sets: Sequence[StateSet], graph: AuthGraph) -> dict[StateKey, str]:
    """One state out of several; values are event ids. The order of the sets does not matter."""
    if version.state_resolution == "v1":
        return resolve_first(state_sets, graph)
    unconflicted, conflicted = separate(state_sets)
    if not conflicted:
        return unconflicted
    whole = [set(state.values()) for state in state_sets]
    return {**unconflicted, **resolve_second(version, Conflict(unconflicted, conflicted, whole), graph)}


def resolve_forks(
    version: RoomVersion,
    common: StateLookup,
    claims: Sequence[StateSet],
    graph: AuthGraph,
    note: Note | None = None,
) -> dict[StateKey, str]:
    """What several states that have much in common resolve to, in the places where they differ.

    `common`: what all of them have, which may be large and is only looked up; `claims`: what each of them has besides.
    `graph` has to know the common events as part of each set. `note` is told of each step. For all room versions but 1.
    """
    conflicted: dict[StateKey, set[str]] = {}
    for claim in claims:
        for key, event_id in claim.items():
            conflicted.setdefault(key, set()).add(event_id)
    return resolve_second(version, Conflict(common, conflicted, [set(one.values()) for one in claims]), graph, note)


def separate(state_sets: Sequence[StateSet]) -> tuple[dict[StateKey, str], dict[StateKey, set[str]]]:
    """(what all sets agree on, what they do not: key to the events that claim it)."""
    first, *others = state_sets
    unconflicted: dict[StateKey, str] = {}
    conflicted: dict[StateKey, set[str]] = {}
    for key, event_id in first.items():
        if all(other.get(key) == event_id for other in others):
            unconflicted[key] = event_id
        else:
            conflicted[key] = {event_id}
    for other in others:
        for key, event_id in other.items():
            if key not in unconflicted:
                conflicted.setdefault(key, set()).add(event_id)
    return unconflicted, conflicted
