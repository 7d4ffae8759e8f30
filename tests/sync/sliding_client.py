"""A client of sliding sync: asks again and again with the `pos` it has, in either shape."""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Answer, Json, User

UNSTABLE = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"
STABLE = "/_matrix/client/v4/sync"
#: What a list of all rooms has in most tests.
NAME = ("m.room.name", "")
CREATE = ("m.room.create", "")
MEMBERS_LAZILY = ("m.room.member", "$LAZY")
ME = ("m.room.member", "$ME")
EVERYTHING = ("*", "*")


def a_list(limit: int = 10, last: int | None = 99, state: Any = (), **filters: Any) -> Json:
    """A list of the unstable shape, with `ranges` [[0, last]]."""
    body: Json = {"timeline_limit": limit, "required_state": [list(pair) for pair in state]}
    if last is not None:
        body["ranges"] = [[0, last]]
    if filters:
        body["filters"] = filters
    return body


def a_room(limit: int = 10, state: Any = ()) -> Json:
    """A subscription of the unstable shape."""
    return {"timeline_limit": limit, "required_state": [list(pair) for pair in state]}


class SlidingClient:
    """One connection. `body`: what is asked next time; `pos`: where it is."""

    def __init__(self, user: User, is_stable: bool = False, **body: Any) -> None:
        self.user = user
        self.is_stable = is_stable
        self.body = body
        self.pos: str | None = None

    def ask(self, pos: str | None = None, timeout_ms: int = 0, **changes: Any) -> Answer:
        """One request, whatever comes of it."""
        body = {**self.body, **changes}
        if self.is_stable:
            return self.user.request("POST", STABLE, {**body, "timeout": timeout_ms, **({"pos": pos} if pos else {})})
        return self.user.request("POST", UNSTABLE, body, {"timeout": timeout_ms, **({"pos": pos} if pos else {})})

    def step(self, timeout_ms: int = 0, **changes: Any) -> Json:
        """The next answer; `changes` of the body stay."""
        self.body = {**self.body, **changes}
        answer: Json = self.ask(self.pos, timeout_ms).ok()
        self.pos = answer["pos"]
        return answer

    def rooms(self, timeout_ms: int = 0, **changes: Any) -> dict[str, Json]:
        """What the next answer says of rooms."""
        found: dict[str, Json] = self.step(timeout_ms, **changes).get("rooms", {})
        return found

    def room(self, room_id: str, timeout_ms: int = 0, **changes: Any) -> Json:
        """What the next answer says of one room; empty for nothing."""
        return self.rooms(timeout_ms, **changes).get(room_id, {})


def ids(events: list[Json]) -> list[str]:
    """The events' ids."""
    return [event["event_id"] for event in events]


def keys(events: list[Json]) -> set[tuple[str, str]]:
    """The events' state keys."""
    return {(event["type"], event["state_key"]) for event in events}


def bodies(entry: Json) -> list[str]:
    """The texts of a room's timeline."""
    return [event["content"].get("body", event["type"]) for event in entry.get("timeline", ())]
