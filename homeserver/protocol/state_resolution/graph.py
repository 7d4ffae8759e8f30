"""What resolution asks about auth chains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from homeserver.protocol.events import Event, StateKey


class StateLookup(Protocol):
    """A state, or a part of one, of which single keys are asked: a dict, or something that looks them up."""

    def get(self, key: StateKey, /) -> str | None:
        """The event of a key."""

    def __contains__(self, key: StateKey, /) -> bool:
        """Whether there is one."""


class AuthGraph(Protocol):
    """Answers about events and what they cite. An event that is not known, or was rejected, does not exist here."""

    def events(self, ids: Collection[str]) -> Mapping[str, Event]:
        """Events by id."""

    def auth_difference(self, state_sets: Sequence[Collection[str]]) -> set[str]:
        """The events in the full auth chain of some, but not all, of the sets (each set belongs to its own chain)."""

    def conflicted_subgraph(self, conflicted: Collection[str]) -> set[str]:
        """The events on a path of auth events from one conflicted event to another, these included."""


class EventGraph:
    """The same over events in memory."""

    def __init__(self, events: Mapping[str, Event]) -> None:
        self._events = events

    def events(self, ids: Collection[str]) -> Mapping[str, Event]:
        """Events by id."""
        return {event_id: self._events[event_id] for event_id in ids if event_id in self._events}

    def auth_difference(self, state_sets: Sequence[Collection[str]]) -> set[str]:
        """The events in the full auth chain of some, but not all, of the sets."""
        chains = [self._closure(ids) for ids in state_sets]
        return set().union(*chains) - set(chains[0]).intersection(*chains[1:])

    def conflicted_subgraph(self, conflicted: Collection[str]) -> set[str]:
        """The events on a path of auth events from one conflicted event to another, these included."""
        above = self._closure(conflicted)
        return {event_id for event_id in above if self._closure([event_id]) & set(conflicted)}

    def _closure(self, ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        pending = [event_id for event_id in ids if event_id in self._events]
        while pending:
            event_id = pending.pop()
            if event_id not in found:
                found.add(event_id)
                pending += [one for one in self._events[event_id].auth_events if one in self._events]
        return found
