"""The rules for `m.room.power_levels`. https://spec.matrix.org/v1.19/rooms/"""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.protocol.events import Event, InvalidEvent
from homeserver.protocol.room_versions import ROOM_VERSIONS
from tests.protocol.auth_rules.rule_pairs import RulePair, try_pairs
from tests.protocol.sample_rooms import ALICE, BOB, CAROL, DAVE, SampleRoom

_LEVELS = ("users_default", "events_default", "state_default", "ban", "redact", "kick", "invite")
_NO_INTEGERS: list[Any] = ["5", None, [], True]
_NO_GROUPS: list[Any] = [{"a": "5"}, {"a": None}, {"a": False}, [], 5, None]
_ROOM: dict[str, Any] = {
    "users": {BOB: 50, CAROL: 50},
    "events": {"high": 60, "mine": 50},
    "notifications": {"high": 60, "room": 50},
}


def _rule(number: str) -> str:
    """The place of a rule by its number in versions 6 to 9."""
    first, *more = number.split(".")
    rest = f".{more[0]}" if more else ""
    at = int(first)
    in_12 = at + (2 if at == 1 else 3)
    return f"v1-5 10.{at}{rest}, v6-9 9.{at}{rest}, v10-11 9.{at + 2}{rest}, v12 10.{in_12}{rest}"


def _group_rule(number: int, group: str) -> str:
    """Of `events` in all versions, of `notifications` from version 6."""
    places = _rule(f"{number}.1")
    return places if group == "events" else places.partition(", ")[2]


def _changing(before: dict[str, Any], changes: dict[str, Any]) -> Any:
    """Bob, who has power level 50, changes the power levels."""

    def make(room: SampleRoom) -> Event:
        room.member(BOB, "join").power(**before)
        return room.power_event(BOB, **{key: one for key, one in {**before, **changes}.items() if one is not ...})

    return make


def _first(**content: Any) -> Any:
    """Alice sets the first power levels."""
    return lambda room: room.power_event(ALICE, **content)


def _level_pair(number: str, says: str, allowed: tuple[Any, Any], refused: tuple[Any, Any], by: str) -> list[RulePair]:
    """A pair for each level at the top: (what it was, what it becomes); `...` where it is not there."""

    def change(key: str, values: tuple[Any, Any]) -> Any:
        before, now = values
        # Whoever is above state_default must still be allowed to send power levels at all.
        levels = {**_ROOM, "events": {**_ROOM["events"], "m.room.power_levels": 50}}
        return _changing(levels if before is ... else {**levels, key: before}, {key: now})

    return [
        RulePair(_rule(number), f"{key}: {says}", change(key, allowed), change(key, refused), by) for key in _LEVELS
    ]


def _group_pair(number: int, says: str, allowed: dict[str, Any], refused: dict[str, Any], by: str) -> list[RulePair]:
    """A pair for `events` and one for `notifications`: changes of their entries."""

    def change(group: str, changes: dict[str, Any]) -> Any:
        entries = {key: one for key, one in {**_ROOM[group], **changes}.items() if one is not ...}
        return _changing(_ROOM, {group: entries})

    return [
        RulePair(_group_rule(number, group), f"{group}: {says}", change(group, allowed), change(group, refused), by)
        for group in ("events", "notifications")
    ]


def _users(changes: dict[str, Any]) -> Any:
    """Bob changes `users`, in which he and Carol have 50 and Dave has 49."""
    before = {**_ROOM, "users": {BOB: 50, CAROL: 50, DAVE: 49}}
    users = {key: one for key, one in {**before["users"], **changes}.items() if one is not ...}
    return _changing(before, {"users": users})


FORM_RULES = (
    RulePair(_rule("1"), "users is an object", _first(users={BOB: 1}), _first(users=[BOB]), "power.users"),
    RulePair(
        _rule("1"), "users are user ids", _first(users={"@:b.example": 1}), _first(users={"bob": 1}), "power.user_id"
    ),
    RulePair(
        _rule("1"),
        "levels of users are numbers",
        _first(users={BOB: -1}),
        _first(users={BOB: None}),
        "power.user_level",
    ),
    RulePair(_rule("1"), "true is no number", _first(users={BOB: 1}), _first(users={BOB: True}), "power.user_level"),
    RulePair(
        "v1-5 10.1, v6-9 9.1",
        "levels of users may be texts of integers",
        _first(users={BOB: " +0050 "}),
        _first(users={BOB: "5.0"}),
        "power.user_level",
    ),
    RulePair(
        "v10-11 9.3, v12 10.3",
        "levels of users are integers, no texts",
        _first(users={BOB: 50}),
        _first(users={BOB: "50"}),
        "power.user_level",
    ),
    *(
        RulePair(
            "v10-11 9.1, v12 10.1", f"{key} is an integer", _first(**{key: 5}), _first(**{key: odd}), "power.integer"
        )
        for key in _LEVELS
        for odd in _NO_INTEGERS
    ),
    *(
        RulePair(
            "v10-11 9.2, v12 10.2",
            f"{group} is an object of integers",
            _first(**{group: {"a": 5}}),
            _first(**{group: odd}),
            "power.integers",
        )
        for group in ("events", "notifications")
        for odd in _NO_GROUPS
    ),
    RulePair(
        "v12 10.4",
        "the sender of the create event is not in users",
        _first(users={CAROL: 100}),
        _first(users={ALICE: 100}),
        "power.creators",
    ),
    RulePair(
        "v12 10.4",
        "additional creators are not in users",
        _first(users={CAROL: 100}),
        _first(users={BOB: 0}),
        "power.creators",
        create={"additional_creators": [BOB]},
    ),
)
CHANGE_RULES = (
    RulePair(
        _rule("2"),
        "the first power levels may say anything",
        _first(users={BOB: 1000}, ban=1000, events={"a": 1000}),
        _changing(_ROOM, {"ban": 1000}),
        "power.new",
    ),
    *_level_pair("3.1", "a level above the sender's is not changed", (50, 0), (51, 50), "power.current"),
    *_level_pair("3.1", "a level above the sender's is not removed", (50, ...), (51, ...), "power.current"),
    *_level_pair("3.2", "no level becomes higher than the sender's", (0, 50), (0, 51), "power.new"),
    *_level_pair("3.2", "no level higher than the sender's is added", (..., 50), (..., 51), "power.new"),
    *_group_pair(4, "what is above the sender is not changed", {"mine": 1}, {"high": 1}, "power.current"),
    *_group_pair(4, "what is above the sender is not removed", {"mine": ...}, {"high": ...}, "power.current"),
    *_group_pair(5, "what is changed stays within the sender's level", {"mine": 49}, {"mine": 51}, "power.new"),
    *_group_pair(5, "what is added is within the sender's level", {"new": 50}, {"new": 51}, "power.new"),
    RulePair(
        _rule("6.1"), "the sender's equals are not changed", _users({DAVE: 0}), _users({CAROL: 0}), "power.user_current"
    ),
    RulePair(
        _rule("6.1"),
        "the sender's equals are not removed",
        _users({DAVE: ...}),
        _users({CAROL: ...}),
        "power.user_current",
    ),
    RulePair(_rule("6.1"), "the sender steps down", _users({BOB: 0}), _users({BOB: 0, CAROL: 0}), "power.user_current"),
    RulePair(
        _rule("7.1"),
        "users are raised up to the sender's level",
        _users({DAVE: 50}),
        _users({DAVE: 51}),
        "power.user_new",
    ),
    RulePair(_rule("7.1"), "the sender does not rise", _users({BOB: 49}), _users({BOB: 51}), "power.user_new"),
    RulePair(
        _rule("7.1"),
        "users are added up to the sender's level",
        _users({"@new:d.example": 50}),
        _users({"@new:d.example": 51}),
        "power.user_new",
    ),
    RulePair(
        _rule("8"),
        "otherwise it is allowed: what is above the sender may stay",
        _changing({**_ROOM, "redact": 99}, {"kick": 5}),
        _changing({**_ROOM, "redact": 99}, {"redact": 98}),
        "power.current",
    ),
    RulePair(
        "v1-5 10.8",
        "before version 6 nobody looks at notifications",
        _changing(_ROOM, {"notifications": {"room": 1000}}),
        _changing(_ROOM, {"events": {**_ROOM["events"], "room": 1000}}),
        "power.new",
    ),
    RulePair(
        "v1-5 10.3.2, v6-9 9.3.2",
        "a text counts as its number",
        _changing(_ROOM, {"ban": "50"}),
        _changing(_ROOM, {"ban": "51"}),
        "power.new",
    ),
)
POWER_LEVEL_RULES = (*FORM_RULES, *CHANGE_RULES)


class PowerLevelRules(unittest.TestCase):
    def test_each_rule_of_the_form_allows_one_event_and_refuses_another(self) -> None:
        """Types of the values, and who may be in `users`."""
        try_pairs(self, FORM_RULES)

    def test_each_rule_of_the_changes_allows_one_event_and_refuses_another(self) -> None:
        """What is changed, and what it becomes, is within the sender's power."""
        try_pairs(self, CHANGE_RULES)

    def test_floats_are_levels_before_version_6_and_cut_off(self) -> None:
        """Later versions do not let them into events at all."""
        for version, rules in ROOM_VERSIONS.items():
            with self.subTest(version):
                if rules.strict_canonical_json:
                    with self.assertRaises(InvalidEvent):
                        _first(users={BOB: 50.9})(SampleRoom(version))
                    continue
                room = SampleRoom(version).member(BOB, "join").power(users={BOB: 50.9})
                self.assertTrue(room.is_allowed(room.topic(BOB, "t")))
                self.assertFalse(room.is_allowed(room.power_event(BOB, users={BOB: 50.9}, ban=51)))

    def test_a_creator_of_version_12_sets_any_levels(self) -> None:
        """Also above what anybody else has, and lowers them again."""
        room = SampleRoom("12", {"additional_creators": [BOB]}).member(BOB, "join")
        room.power(users={CAROL: 2**53 - 1}, ban=2**53 - 1)

        self.assertTrue(room.is_allowed(room.power_event(BOB, users={CAROL: 0}, ban=0)))
        self.assertTrue(room.is_allowed(room.power_event(ALICE, users={})))

    def test_power_levels_may_leave_users_out(self) -> None:
        """An absent `users` is an empty one: nobody has a level of their own."""
        for version in ROOM_VERSIONS:
            room = SampleRoom(version)
            event = room.event("m.room.power_levels", ALICE, {"ban": 50}, state_key="")
            with self.subTest(version):
                self.assertTrue(room.is_allowed(event))
