"""What a client of sliding sync knows in the end, by doing with each answer what the proposal says."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.api_client import Json
from tests.sync.sliding_client import ids

Key = tuple[str, str]


@dataclass
class KnownRoom:
    """`timeline`: ids without a gap, up to the newest. `facts`: name, counts and the like, as last told."""

    state: dict[Key, str] = field(default_factory=dict)
    timeline: list[str] = field(default_factory=list)
    facts: Json = field(default_factory=dict)
    offered: list[Json] | None = None

    def take(self, entry: Json) -> None:
        """Do what an answer says of the room."""
        told = dict(entry)
        if told.pop("initial", False):
            self.state, self.timeline, self.facts, self.offered = {}, [], {}, None
        offered = told.pop("invite_state", told.pop("stripped_state", None))
        self.offered = offered if offered is not None else self.offered
        for event in told.pop("required_state", []):
            if "event_id" in event:
                self.state[event["type"], event["state_key"]] = event["event_id"]
            else:
                self.state.pop((event["type"], event["state_key"]), None)
        events = ids(told.pop("timeline", []))
        is_anew = told.pop("limited", False)
        is_anew = told.pop("expanded_timeline", told.pop("unstable_expanded_timeline", False)) or is_anew
        self.timeline = events if is_anew else [*self.timeline, *events]
        self.facts.update(told)


@dataclass
class Accumulated:
    """Everything one connection was told."""

    rooms: dict[str, KnownRoom] = field(default_factory=dict)
    count: int = 0

    def take(self, answer: Json) -> None:
        """Do what an answer says."""
        self.count = answer["lists"]["all"]["count"]
        for room_id, entry in answer.get("rooms", {}).items():
            self.rooms.setdefault(room_id, KnownRoom()).take(entry)
