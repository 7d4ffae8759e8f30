"""A room in memory that the tests of the authorisation rules and of state resolution fill with events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from homeserver.protocol.auth_rules import AuthError, auth_state_keys, check_auth
from homeserver.protocol.events import Event, NewEvent, StateKey, new_event
from homeserver.protocol.room_versions import ROOM_VERSIONS

ALICE, BOB, CAROL, DAVE = "@alice:a.example", "@bob:b.example", "@carol:c.example", "@dave:d.example"
CREATE: StateKey = ("m.room.create", "")
POWER: StateKey = ("m.room.power_levels", "")
JOIN_RULES: StateKey = ("m.room.join_rules", "")
TOPIC: StateKey = ("m.room.topic", "")

Json = dict[str, Any]
State = dict[StateKey, Event]


class SampleRoom:
    """A room of Alice's. The setters put unchecked state into it and return the room, so that they can be chained.

    `state` is the current state, `events` everything that was made, by id.
    """

    def __init__(self, version: str, create_content: Mapping[str, Any] | None = None) -> None:
        self.version = ROOM_VERSIONS[version]
        self.events: dict[str, Event] = {}
        self.state: State = {}
        self._clock_ms = 1_000
        self._room_id = "!room:a.example"
        content = {"creator": ALICE} if self.version.creator_in_content else {}
        self.create = self.event(
            "m.room.create",
            ALICE,
            {**content, "room_version": version, **(create_content or {})},
            state_key="",
            prev=[],
        )
        self.state[CREATE] = self.create
        self._room_id = self.create.room_id
        self.member(ALICE, "join", depth=2)

    def event(self, event_type: str, sender: str, content: Json, **fields: Any) -> Event:
        """An event that is not put into the state.

        Fields: `state_key`; `redacts`; `on`, the state it cites (the current one); `cites` and `prev`, lists of ids;
        `at_ms`; `depth`; `room_id`.
        """
        on: Mapping[StateKey, Event] = fields.get("on", self.state)
        wanted = auth_state_keys(event_type, fields.get("state_key"), sender, content, self.version)
        cited = [on[key].event_id for key in sorted(wanted) if key in on]
        self._clock_ms += 1
        draft = NewEvent(
            room_id=fields.get("room_id", self._room_id),
            type=event_type,
            sender=sender,
            content=content,
            depth=fields.get("depth", len(self.events) + 1),
            origin_server_ts=fields.get("at_ms", self._clock_ms),
            prev_events=fields.get("prev", ["$previous:a.example"]),
            auth_events=fields.get("cites", cited),
            state_key=fields.get("state_key"),
            redacts=fields.get("redacts"),
        )
        made = new_event(draft, self.version, lambda pdu: {**pdu, "signatures": {}})
        self.events[made.event_id] = made
        return made

    def put(self, *events: Event) -> SampleRoom:
        """Make these events the current state."""
        self.state.update({event.key: event for event in events})
        return self

    def member(self, user_id: str, membership: str, sender: str | None = None, **fields: Any) -> SampleRoom:
        """Set a membership."""
        return self.put(self.membership(user_id, membership, sender, **fields))

    def power(self, **content: Any) -> SampleRoom:
        """Set the power levels; Alice has 100 where she is no privileged creator."""
        return self.put(self.power_event(ALICE, **content))

    def join_rule(self, rule: Any) -> SampleRoom:
        """Set the join rule."""
        return self.put(self.event("m.room.join_rules", ALICE, {"join_rule": rule}, state_key=""))

    def membership(self, user_id: str, membership: Any, sender: str | None = None, **fields: Any) -> Event:
        """A membership event, by the user unless somebody else is named; `more` is further content."""
        content = {"membership": membership, **fields.pop("more", {})}
        return self.event("m.room.member", sender or user_id, content, state_key=user_id, **fields)

    def power_event(self, sender: str, on: Mapping[StateKey, Event] | None = None, **content: Any) -> Event:
        """New power levels; in `users` Alice is added where the room version lets her be there."""
        users = content.get("users", {})
        if not self.version.privileged_creators and isinstance(users, dict):
            content["users"] = {ALICE: 100, **users}
        fields = {} if on is None else {"on": on}
        return self.event("m.room.power_levels", sender, content, state_key="", **fields)

    def topic(self, sender: str, text: str, **fields: Any) -> Event:
        """A topic."""
        return self.event("m.room.topic", sender, {"topic": text}, state_key="", **fields)

    def is_allowed(self, event: Event, state: Mapping[StateKey, Event] | None = None) -> bool:
        """Whether the rules that look at the state allow an event."""
        try:
            check_auth(event, self.state if state is None else state)
        except AuthError:
            return False
        return True


def after(state: Mapping[StateKey, Event], *events: Event) -> State:
    """The state with more events."""
    return {**state, **{event.key: event for event in events}}


def ids_of(state: Mapping[StateKey, Event]) -> dict[StateKey, str]:
    """The form in which resolution takes states."""
    return {key: event.event_id for key, event in state.items()}


def without(state: Mapping[StateKey, Event], keys: Iterable[StateKey]) -> State:
    """The state without some keys."""
    unwanted = set(keys)
    return {key: event for key, event in state.items() if key not in unwanted}
