"""The two orders in which conflicted events are tried.

https://spec.matrix.org/v1.19/rooms/v12/#definitions
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from typing import Protocol

from homeserver.protocol.events import Event
from homeserver.protocol.power_levels import PowerLevels


class Source(Protocol):
    """Where events come from."""

    def get_many(self, ids: Collection[str]) -> dict[str, Event]:
        """Those that exist."""

    def cited(self, event: Event) -> list[Event]:
        """The events that authorise an event."""


class Orderings:
    """Sorts events."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def with_chains(self, ids: Collection[str], within: Collection[str], *, is_closed: bool) -> set[str]:
        """The events, and those of their auth chains that are `within` the full conflicted set.

        `is_closed`: no path of auth events leaves that set and comes back, so that none need be followed out of it,
        where the rest of the room's auth chain is.
        """
        seen: set[str] = set()
        level = set(ids)
        while level:
            seen |= level
            events = self._source.get_many(level).values()
            level = {cited for event in events for cited in event.auth_events} - seen
            if is_closed:
                level.intersection_update(within)
        return seen & set(within)

    def by_power(self, events: Sequence[Event]) -> list[Event]:
        """Reverse topological power ordering: those cited first; else more power, earlier, smaller id first."""
        by_id = {event.event_id: event for event in events}
        waits_for = {one: {cited for cited in event.auth_events if cited in by_id} for one, event in by_id.items()}
        cited_by: dict[str, list[str]] = {one: [] for one in by_id}
        for one, cited in waits_for.items():
            for other in cited:
                cited_by[other].append(one)
        ready = [self._power_key(by_id[one]) for one, cited in waits_for.items() if not cited]
        heapq.heapify(ready)
        ordered: list[Event] = []
        while ready:
            event_id = heapq.heappop(ready)[2]
            ordered.append(by_id[event_id])
            for other in cited_by[event_id]:
                waits_for[other].discard(event_id)
                if not waits_for[other]:
                    heapq.heappush(ready, self._power_key(by_id[other]))
        return ordered

    def by_mainline(self, events: Sequence[Event], power_id: str | None) -> list[Event]:
        """Mainline ordering: what rests on earlier power levels first; else earlier, smaller id first."""
        places = self._mainline(power_id)
        known: dict[str, int] = {}
        last = len(places)
        keyed = [
            ((-self._mainline_place(event, places, known, last), event.origin_server_ts, event.event_id), event)
            for event in events
        ]
        return [event for _, event in sorted(keyed, key=lambda pair: pair[0])]

    def _power_key(self, event: Event) -> tuple[int, int, str]:
        """By the sender's power as the event's own auth events have it."""
        create, power = None, None
        for one in self._source.cited(event):
            if one.type == "m.room.create":
                create = one
            elif one.type == "m.room.power_levels":
                power = one
        if create is None and event.version.room_id_is_create_hash:
            create_id = "$" + event.room_id[1:]
            create = self._source.get_many([create_id]).get(create_id)
        level = PowerLevels.from_state(create, power).of_user(event.sender)
        return -level, event.origin_server_ts, event.event_id

    def _power_of(self, event: Event) -> Event | None:
        """The power levels event that an event cites."""
        return next((one for one in self._source.cited(event) if one.type == "m.room.power_levels"), None)

    def _mainline(self, power_id: str | None) -> dict[str, int]:
        places: dict[str, int] = {}
        event = None if power_id is None else self._source.get_many([power_id]).get(power_id)
        while event is not None and event.event_id not in places:
            places[event.event_id] = len(places)
            event = self._power_of(event)
        return places

    def _mainline_place(self, event: Event, places: dict[str, int], known: dict[str, int], last: int) -> int:
        """The place in the mainline of the nearest power levels event behind an event; after the last for none."""
        passed: list[str] = []
        place = last
        current = self._power_of(event)
        while current is not None:
            event_id = current.event_id
            if event_id in places:
                place = places[event_id]
                break
            if event_id in known:
                place = known[event_id]
                break
            if event_id in passed:
                break
            passed.append(event_id)
            current = self._power_of(current)
        known.update(dict.fromkeys(passed, place))
        return place
