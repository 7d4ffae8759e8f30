"""Which push rule an event matches. https://spec.matrix.org/v1.19/client-server-api/#conditions-1"""

from __future__ import annotations

import json
import unittest
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from homeserver.protocol.power_levels import PowerLevels
from homeserver.protocol.push_conditions import condition_of
from homeserver.protocol.push_evaluation import Figure, Outcome, compile_rules, read_actions
from homeserver.protocol.push_rules import default_rules
from tests.protocol.sample_rooms import ALICE, BOB, POWER, SampleRoom

_MESSAGE: dict[str, Any] = {
    "type": "m.room.message",
    "sender": BOB,
    "room_id": "!r:x",
    "event_id": "$e",
    "content": {"msgtype": "m.text", "body": "Hi Alice, example", "flag": True, "number": 1, "none": None, "f": 1.0},
}
_ALIASES = {**_MESSAGE, "content": {"alt": ["#a:x", 1, True, None, ["#b:x"], {"a": 1}], "m.federate": True}}


def _match(key: Any, pattern: Any) -> dict[str, Any]:
    return {"kind": "event_match", "key": key, "pattern": pattern}


def _is(key: str, value: Any) -> dict[str, Any]:
    return {"kind": "event_property_is", "key": key, "value": value}


def _contains(key: str, value: Any) -> dict[str, Any]:
    return {"kind": "event_property_contains", "key": key, "value": value}


@dataclass(frozen=True)
class _Sample:
    """An event in a room of which all is known."""

    event: Mapping[str, Any]
    count: int
    name: str | None
    levels: PowerLevels

    def member_count(self) -> int:
        """How many are joined."""
        return self.count

    def may_notify(self, key: str) -> bool:
        """By the levels."""
        return self.levels.of_user(self.event["sender"]) >= self.levels.notification(key)

    def display_name(self, user_id: str) -> str | None:
        """Alice's alone is asked for."""
        return self.name if user_id == ALICE else None


def _around(count: int = 3, name: str | None = "Alice", **power: Any) -> _Sample:
    room = SampleRoom("11").power(**power)
    return _Sample(_MESSAGE, count, name, PowerLevels.from_state(room.create, room.state[POWER]))


def is_condition_met(condition: dict[str, Any], event: dict[str, Any], around: _Sample) -> bool:
    """For Alice."""
    return condition_of(json.dumps(condition))(replace(around, event=event), ALICE)


def outcome_for_alice(
    rules: Mapping[str, list[dict[str, Any]]], event: dict[str, Any], around: _Sample
) -> Outcome | None:
    """What the rule asks for that is met, if any is."""
    return compile_rules(rules).outcome(replace(around, event=event), ALICE)


_CONDITIONS: tuple[tuple[dict[str, Any], dict[str, Any], bool], ...] = (
    (_match("type", "m.room.*"), _MESSAGE, True),
    (_match("type", "M.ROOM.MESSAGE"), _MESSAGE, True),
    (_match("type", "m.room"), _MESSAGE, False),
    (_match("content.body", "example"), _MESSAGE, True),
    (_match("content.body", "exam"), _MESSAGE, False),
    (_match("content.msgtype", "text"), _MESSAGE, False),
    (_match("content.absent", "*"), _MESSAGE, False),
    (_match("content.none", "*"), _MESSAGE, False),
    (_match("content.number", "*"), _MESSAGE, False),
    (_match("state_key", ""), _MESSAGE, False),
    (_match("state_key", ""), {**_MESSAGE, "state_key": ""}, True),
    (_match(5, "*"), _MESSAGE, False),
    (_match("type", None), _MESSAGE, False),
    (_is("content.flag", True), _MESSAGE, True),
    (_is("content.flag", "true"), _MESSAGE, False),
    (_is("content.flag", 1), _MESSAGE, False),
    (_is("content.number", 1), _MESSAGE, True),
    (_is("content.number", True), _MESSAGE, False),
    (_is("content.none", None), _MESSAGE, True),
    (_is("content.absent", None), _MESSAGE, False),
    (_is("content.f", 1.0), _MESSAGE, False),
    (_is("content.msgtype", "m.text"), _MESSAGE, True),
    (_is("content.msgtype", "M.text"), _MESSAGE, False),
    (_is("content", _MESSAGE["content"]), _MESSAGE, False),
    (_is(r"content.m\.federate", True), _ALIASES, True),
    ({"kind": "event_property_is", "key": "content.none"}, _MESSAGE, False),
    (_contains("content.alt", "#a:x"), _ALIASES, True),
    (_contains("content.alt", ":x"), _ALIASES, False),
    (_contains("content.alt", None), _ALIASES, True),
    (_contains("content.alt", ["#b:x"]), _ALIASES, False),
    (_contains("content.alt", {"a": 1}), _ALIASES, False),
    (_contains("content.absent", "#a:x"), _ALIASES, False),
    (_contains(r"content.m\.federate", True), _ALIASES, False),
    ({"kind": "event_property_contains", "key": "content.alt"}, _ALIASES, False),
    ({"kind": "contains_display_name"}, _MESSAGE, True),
    ({"kind": "contains_display_name"}, {**_MESSAGE, "content": {"body": "malice"}}, False),
    ({"kind": "contains_display_name"}, {**_MESSAGE, "content": {"body": 5}}, False),
    ({"kind": "device"}, _MESSAGE, False),
    ({"kind": None}, _MESSAGE, False),
    ({}, _MESSAGE, False),
)
_COUNTS = (
    ("3", True),
    ("2", False),
    ("==3", True),
    ("<3", False),
    ("<4", True),
    (">3", False),
    (">2", True),
    (">=3", True),
    (">=4", False),
    ("<=3", True),
    ("<=2", False),
    ("=3", False),
    ("!=2", False),
    (" 3", False),
    ("", False),
    ("3.0", False),
    (3, False),
    (None, False),
)


class Conditions(unittest.TestCase):
    def test_of_the_event(self) -> None:
        """Each kind, with what it does not match."""
        for condition, event, expected in _CONDITIONS:
            with self.subTest(condition, event=event["content"]):
                self.assertIs(is_condition_met(condition, event, _around()), expected)

    def test_of_the_display_name(self) -> None:
        """Without a name there is nothing to find."""
        for name in (None, ""):
            self.assertFalse(is_condition_met({"kind": "contains_display_name"}, _MESSAGE, _around(name=name)))

    def test_of_the_number_of_members(self) -> None:
        """An integer with or without a comparison, in a room of three."""
        for wanted, expected in _COUNTS:
            with self.subTest(wanted):
                condition = {"kind": "room_member_count", "is": wanted}
                self.assertIs(is_condition_met(condition, _MESSAGE, _around(3)), expected)

    def test_of_the_senders_power(self) -> None:
        """At least the level of the notification's kind, 50 by default."""
        condition = {"kind": "sender_notification_permission", "key": "room"}
        cases: list[tuple[dict[str, Any], bool]] = [
            ({"users": {BOB: 50}}, True),
            ({"users": {BOB: 49}}, False),
            ({"users": {BOB: 20}, "notifications": {"room": 20}}, True),
            ({"users": {BOB: 20}, "notifications": {"other": 20}}, False),
        ]
        for power, expected in cases:
            with self.subTest(power):
                self.assertIs(is_condition_met(condition, _MESSAGE, _around(**power)), expected)
        self.assertFalse(is_condition_met({**condition, "key": None}, _MESSAGE, _around(users={BOB: 100})))


def _rule(rule_id: str, **fields: Any) -> dict[str, Any]:
    return {"rule_id": rule_id, "default": False, "enabled": True, "actions": ["notify"], **fields}


class Limits(unittest.TestCase):
    def test_no_pattern_keeps_the_server_busy(self) -> None:
        """A pattern of more than 256 characters fits nothing, and only the first 16,384 of a body are looked at."""
        for key in ("content.body", "content.msgtype"):
            for length, expected in ((256, True), (257, False)):
                event = {**_MESSAGE, "content": {"body": "a" * length, "msgtype": "a" * length}}
                self.assertIs(is_condition_met(_match(key, "a" * length), event, _around()), expected)
        for before, expected in ((16_380, True), (16_384, False)):
            event = {**_MESSAGE, "content": {"body": " " * before + "tea"}}
            self.assertIs(is_condition_met(_match("content.body", "tea"), event, _around()), expected)


class Rules(unittest.TestCase):
    def _matching(self, rules: dict[str, list[dict[str, Any]]], event: dict[str, Any] = _MESSAGE) -> str | None:
        outcome = outcome_for_alice(rules, event, _around())
        return None if outcome is None else outcome.rule_id

    def test_kinds_are_tried_in_their_order(self) -> None:
        """Override, content, room, sender, underride; within a kind the first."""
        rules = {
            "underride": [_rule("under", conditions=[])],
            "sender": [_rule(BOB)],
            "room": [_rule("!r:x")],
            "content": [_rule("no", pattern="exam"), _rule("word", pattern="example"), _rule("later", pattern="hi")],
            "override": [_rule("over", conditions=[])],
        }
        for kind, rule_id in (
            ("override", "over"),
            ("content", "word"),
            ("room", "!r:x"),
            ("sender", BOB),
            ("underride", "under"),
        ):
            with self.subTest(kind):
                self.assertEqual(self._matching(rules), rule_id)
            rules[kind] = []
        self.assertIsNone(self._matching(rules))

    def test_rules_of_other_rooms_senders_and_words(self) -> None:
        """They match nothing here; a content rule without pattern nowhere."""
        rules = {"room": [_rule("!s:x")], "sender": [_rule(ALICE)], "content": [_rule("a"), _rule("b", pattern="word")]}

        self.assertIsNone(self._matching(rules))

    def test_all_conditions_must_hold(self) -> None:
        """None at all is no obstacle, one that is not known is."""
        good, bad = _match("type", "m.room.message"), {"kind": "org.example.unknown"}
        for conditions, is_matching in (([good, good], True), ([good, bad], False), ([], True)):
            with self.subTest(conditions):
                rules = {"override": [_rule("rule", conditions=conditions)]}
                self.assertEqual(self._matching(rules), "rule" if is_matching else None)
        self.assertEqual(self._matching({"underride": [_rule("without")]}), "without")

    def test_a_disabled_rule_matches_nothing(self) -> None:
        """The next one is tried."""
        self.assertEqual(self._matching({"override": [_rule("off", enabled=False), _rule("on")]}), "on")

    def test_outcomes(self) -> None:
        """Tweaks by name; a highlight without a value is one; historical actions mean nothing."""
        sound = {"set_tweak": "sound", "value": "default"}
        for actions, notify, tweaks, highlight in (
            ([], False, {}, False),
            (["notify"], True, {}, False),
            (["dont_notify"], False, {}, False),
            (["notify", "coalesce"], True, {}, False),
            (["notify", sound, {"set_tweak": "highlight"}], True, {"sound": "default", "highlight": True}, True),
            (["notify", {"set_tweak": "highlight", "value": False}], True, {"highlight": False}, False),
            (["notify", {"set_tweak": "sound"}, {"set_tweak": 5}, {"other": 1}], True, {}, False),
            ([{"set_tweak": "highlight"}], False, {"highlight": True}, False),
        ):
            with self.subTest(actions):
                outcome = read_actions("r", actions)
                self.assertEqual((outcome.figure, outcome.tweaks), (Figure(notify, highlight), tweaks))
                self.assertNotIn("dont_notify", outcome.actions)
                self.assertNotIn("coalesce", outcome.actions)


class PredefinedRules(unittest.TestCase):
    """What a user gets who has changed nothing."""

    def _effect(self, event: dict[str, Any], count: int = 3, **power: Any) -> tuple[bool, Any, bool]:
        outcome = outcome_for_alice(default_rules(ALICE), event, _around(count, **power))
        return (
            (False, None, False)
            if outcome is None
            else (outcome.figure.notify, outcome.sound, outcome.figure.highlight)
        )

    def test_events(self) -> None:
        """Which of them notify, sound, and stand out, in a room of three."""
        state = {**_MESSAGE, "state_key": ""}
        invite = {**_MESSAGE, "type": "m.room.member", "content": {"membership": "invite"}}
        for event, expected in (
            (_MESSAGE, (True, None, False)),
            ({**_MESSAGE, "content": {"msgtype": "m.notice"}}, (False, None, False)),
            ({**_MESSAGE, "type": "m.room.encrypted", "content": {}}, (True, None, False)),
            ({**_MESSAGE, "type": "m.reaction", "content": {}}, (False, None, False)),
            ({**_MESSAGE, "type": "m.call.invite", "content": {}}, (True, "ring", False)),
            ({**_MESSAGE, "type": "org.example.x", "content": {}}, (False, None, False)),
            ({**state, "type": "m.room.tombstone", "content": {}}, (True, None, True)),
            ({**_MESSAGE, "type": "m.room.tombstone", "content": {}}, (False, None, False)),
            ({**state, "type": "m.room.server_acl", "content": {}}, (False, None, False)),
            ({**invite, "state_key": ALICE}, (True, "default", False)),
            ({**invite, "state_key": BOB}, (False, None, False)),
            ({**_MESSAGE, "content": {"m.mentions": {"user_ids": [ALICE]}}}, (True, "default", True)),
            ({**_MESSAGE, "content": {"m.mentions": {"user_ids": [BOB]}}}, (True, None, False)),
            ({**_MESSAGE, "content": {"m.relates_to": {"rel_type": "m.replace"}}}, (False, None, False)),
        ):
            with self.subTest(event["type"], content=event["content"]):
                self.assertEqual(self._effect(event), expected)

    def test_a_conversation_of_two_has_a_sound(self) -> None:
        """Encrypted or not."""
        self.assertEqual(self._effect(_MESSAGE, 2), (True, "default", False))
        self.assertEqual(self._effect({**_MESSAGE, "type": "m.room.encrypted"}, 2), (True, "default", False))

    def test_mentioning_the_room_takes_power(self) -> None:
        """Else it is a message as any other."""
        event = {**_MESSAGE, "content": {"m.mentions": {"room": True}}}

        self.assertEqual(self._effect(event, users={BOB: 50}), (True, None, True))
        self.assertEqual(self._effect(event, users={BOB: 49}), (True, None, False))

    def test_the_master_rule_silences_everything(self) -> None:
        """Once it is enabled."""
        rules = default_rules(ALICE)
        rules["override"][0]["enabled"] = True

        outcome = outcome_for_alice(rules, _MESSAGE, _around(2))
        self.assertEqual(None if outcome is None else outcome.rule_id, ".m.rule.master")
        self.assertEqual(None if outcome is None else outcome.actions, ())
