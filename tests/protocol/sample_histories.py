"""Histories of rooms whose sides went different ways, made by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from homeserver.protocol.events import Event
from tests.protocol.sample_rooms import ALICE, BOB, CAROL, DAVE, SampleRoom, State, after

_VERSIONS = ("1", "2", "6", "11", "12")
_USERS = (ALICE, BOB, CAROL, DAVE)
_MEMBERSHIPS = ("join", "leave", "ban", "invite")
_LEVELS = (0, 40, 50, 60, 100)
_RULES = ("public", "invite", "private")


@dataclass(frozen=True)
class Step:
    """What somebody tries on one side of a fork; `fork` opens another side before."""

    kind: str
    side: int
    sender: str
    target: str
    choice: int
    at_ms: int
    fork: bool


_STEPS = st.builds(
    Step,
    kind=st.sampled_from(("member", "power", "rules", "topic", "topic")),
    side=st.integers(0, 2),
    sender=st.sampled_from(_USERS),
    target=st.sampled_from(_USERS),
    choice=st.integers(0, 4),
    at_ms=st.integers(1, 5),
    fork=st.booleans(),
)
HISTORIES = st.tuples(st.sampled_from(_VERSIONS), st.lists(_STEPS, min_size=4, max_size=25))
Histories = tuple[str, list[Step]]


def _tried(room: SampleRoom, step: Step, state: State) -> Event:
    if step.kind == "member":
        membership = _MEMBERSHIPS[step.choice % 4]
        return room.membership(step.target, membership, step.sender, on=state, at_ms=step.at_ms)
    if step.kind == "power":
        users = {} if step.target == ALICE else {BOB: 50, step.target: _LEVELS[step.choice]}
        return room.power_event(step.sender, on=state, users=users, ban=_LEVELS[step.choice])
    if step.kind == "rules":
        rule = _RULES[step.choice % 3]
        return room.event(
            "m.room.join_rules", step.sender, {"join_rule": rule}, state_key="", on=state, at_ms=step.at_ms
        )
    return room.topic(step.sender, str(step.choice), on=state, at_ms=step.at_ms)


def lived(history: Histories) -> tuple[SampleRoom, list[State]]:
    """A room whose sides went different ways: on each, only what its own state allowed has happened."""
    version, steps = history
    room = SampleRoom(version).power(users={BOB: 50}).join_rule("public").member(BOB, "join").member(CAROL, "join")
    sides: list[State] = [dict(room.state), dict(room.state)]
    for step in steps:
        if step.fork and len(sides) < 3:
            sides.append(dict(sides[step.side % len(sides)]))
        at = step.side % len(sides)
        event = _tried(room, step, sides[at])
        if room.is_allowed(event, sides[at]):
            sides[at] = after(sides[at], event)
    return room, sides
