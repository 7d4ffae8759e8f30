"""The algorithm of room version 1: https://spec.matrix.org/v1.19/rooms/v1/#state-resolution"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from homeserver.protocol.auth_rules import AuthError, check_auth
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.state_resolution.graph import AuthGraph

_AUTH_TYPES = ("m.room.power_levels", "m.room.join_rules", "m.room.member")


def resolve_first(state_sets: Sequence[Mapping[StateKey, str]], graph: AuthGraph) -> dict[StateKey, str]:
    """Power levels first, then join rules, then members, each list oldest first until one is not allowed; the rest by
    the newest that is allowed."""
    unconflicted, conflicted = _separate(state_sets)
    if not conflicted:
        return unconflicted
    ids = {event_id for ids in conflicted.values() for event_id in ids}
    events = graph.events(ids | set(unconflicted.values()))
    resolved = unconflicted
    state = {key: events[event_id] for key, event_id in unconflicted.items() if event_id in events}
    claims = {
        key: sorted((events[event_id] for event_id in ids if event_id in events), key=_depth_order)
        for key, ids in conflicted.items()
    }
    for event_type in _AUTH_TYPES:
        settled = {
            key: _last_allowed(claimants, state)
            for key, claimants in sorted(claims.items())
            if key[0] == event_type and claimants
        }
        state.update(settled)
        resolved.update({key: event.event_id for key, event in settled.items()})
    for key, claimants in claims.items():
        if key[0] not in _AUTH_TYPES and claimants:
            resolved[key] = _newest_allowed(claimants, state).event_id
    return resolved


def _separate(state_sets: Sequence[Mapping[StateKey, str]]) -> tuple[dict[StateKey, str], dict[StateKey, set[str]]]:
    """(the union of what is not in conflict, key to the events that claim it).

    Unlike in later versions, a state that lacks a key is in no conflict with one that has it.
    """
    claims: dict[StateKey, set[str]] = {}
    for state in state_sets:
        for key, event_id in state.items():
            claims.setdefault(key, set()).add(event_id)
    unconflicted = {key: next(iter(ids)) for key, ids in claims.items() if len(ids) == 1}
    return unconflicted, {key: ids for key, ids in claims.items() if len(ids) > 1}


def _depth_order(event: Event) -> tuple[int, str]:
    """Lesser depth first; among equals the greater SHA-1 of the event id first, as hex compares."""
    digest = hashlib.sha1(event.event_id.encode(), usedforsecurity=False).hexdigest()
    return event.depth, "".join(chr(0x7F - ord(char)) for char in digest)


def _last_allowed(claimants: list[Event], state: Mapping[StateKey, Event]) -> Event:
    """Applied one after the other until the first that is not allowed; the first of all needs no check."""
    around = dict(state)
    current = claimants[0]
    for event in claimants:
        around[event.key] = current
        if event is not current and not _is_allowed(event, around):
            return current
        current = event
    return current


def _newest_allowed(claimants: list[Event], state: Mapping[StateKey, Event]) -> Event:
    for event in reversed(claimants):
        if _is_allowed(event, state):
            return event
    return claimants[0]


def _is_allowed(event: Event, state: Mapping[StateKey, Event]) -> bool:
    try:
        check_auth(event, state)
    except AuthError:
        return False
    return True
