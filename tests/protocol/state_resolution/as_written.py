"""Resolution of room versions 2 to 12 as the specification words it, without a thought for cost: what the tests hold
the real one against. https://spec.matrix.org/v1.19/rooms/v12/#state-resolution"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from homeserver.protocol.auth_rules import AuthError, auth_state_keys, check_auth
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.power_levels import PowerLevels
from homeserver.protocol.room_versions import RoomVersion

_CREATE: StateKey = ("m.room.create", "")
_POWER: StateKey = ("m.room.power_levels", "")
StateSet = Mapping[StateKey, str]


class AsWritten:
    """The algorithm over events in memory."""

    def __init__(self, version: RoomVersion, events: Mapping[str, Event]) -> None:
        self._version = version
        self._events = events

    def resolve(self, states: Sequence[StateSet]) -> dict[StateKey, str]:
        """Definitions first, then steps 1 to 5."""
        keys = {key for state in states for key in state}
        unconflicted = {key: states[0][key] for key in keys if len({state.get(key) for state in states}) == 1}
        conflicted = {state[key] for key in keys - unconflicted.keys() for state in states if key in state}
        # A state's own events belong to its full auth chain.
        chains = [self._with_chain(state.values()) for state in states]
        full = conflicted | {one for chain in chains for one in chain if not all(one in other for other in chains)}
        is_second_edition = self._version.state_resolution == "v2.1"
        if is_second_edition:
            between = {one for start in conflicted for one in self._chain(start) if conflicted & self._chain(one)}
            full |= between
        power = {one for one in full if self._is_power_event(self._events[one])}
        power |= {one for event_id in power for one in self._chain(event_id)} & full
        partial = self._checked({} if is_second_edition else unconflicted, self._by_power(power))
        result = self._checked(partial, self._by_mainline(full - power, partial.get(_POWER)))
        return {**result, **unconflicted}

    def _chain(self, event_id: str) -> set[str]:
        return self._with_chain(self._events[event_id].auth_events)

    def _with_chain(self, event_ids: Iterable[str]) -> set[str]:
        return {one for event_id in event_ids for one in {event_id, *self._chain(event_id)}}

    def _is_power_event(self, event: Event) -> bool:
        if event.type == "m.room.member":
            return event.content["membership"] in ("leave", "ban") and event.sender != event.state_key
        return event.type in ("m.room.power_levels", "m.room.join_rules")

    def _cited(self, event: Event, key: StateKey) -> Event | None:
        return next((one for one in map(self._events.__getitem__, event.auth_events) if one.key == key), None)

    def _by_power(self, event_ids: set[str]) -> list[Event]:
        """The least of those that nothing left in the list comes before, again and again."""
        left, ordered = set(event_ids), list[Event]()
        while left:
            free = [self._events[one] for one in left if not left & set(self._events[one].auth_events)]
            ordered.append(min(free, key=lambda event: (-self._power(event), event.origin_server_ts, event.event_id)))
            left.remove(ordered[-1].event_id)
        return ordered

    def _power(self, event: Event) -> int:
        create = self._cited(event, _CREATE)
        if self._version.room_id_is_create_hash:
            create = self._events["$" + event.room_id[1:]]
        return PowerLevels.from_state(create, self._cited(event, _POWER)).of_user(event.sender)

    def _powers_behind(self, event: Event | None) -> list[str]:
        behind = None if event is None else self._cited(event, _POWER)
        return [] if behind is None else [behind.event_id, *self._powers_behind(behind)]

    def _by_mainline(self, event_ids: set[str], power_id: str | None) -> list[Event]:
        mainline = [] if power_id is None else [power_id, *self._powers_behind(self._events[power_id])]

        def position(event: Event) -> float:
            return next((mainline.index(one) for one in self._powers_behind(event) if one in mainline), float("inf"))

        events = [self._events[one] for one in event_ids]
        return sorted(events, key=lambda event: (-position(event), event.origin_server_ts, event.event_id))

    def _checked(self, state: Mapping[StateKey, str], events: Sequence[Event]) -> dict[StateKey, str]:
        result = dict(state)
        for event in events:
            around = {self._events[one].key: self._events[one] for one in event.auth_events}
            wanted = auth_state_keys(event.type, event.state_key, event.sender, event.content, event.version)
            around.update({key: self._events[result[key]] for key in wanted if key in result})
            if self._version.room_id_is_create_hash:
                around[_CREATE] = self._events["$" + event.room_id[1:]]
            try:
                check_auth(event, around)
            except AuthError:
                continue
            result[event.key] = event.event_id
        return result
