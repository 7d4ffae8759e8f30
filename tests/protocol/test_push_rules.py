"""The predefined push rules. https://spec.matrix.org/v1.19/client-server-api/#predefined-rules"""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.protocol.push_rules import KINDS, default_rules

_ALICE = "@alice:a.example"
_SOUND: list[Any] = ["notify", {"set_tweak": "sound", "value": "default"}]
_HIGHLIGHT: list[Any] = ["notify", {"set_tweak": "highlight"}]
_PAIR = ("room_member_count", "is", "2")


def _match(key: str, pattern: str) -> tuple[str, ...]:
    return "event_match", "key", key, "pattern", pattern


_OVERRIDE: list[tuple[str, list[tuple[Any, ...]], list[Any]]] = [
    (".m.rule.master", [], []),
    (".m.rule.suppress_notices", [_match("content.msgtype", "m.notice")], []),
    (
        ".m.rule.invite_for_me",
        [_match("type", "m.room.member"), _match("content.membership", "invite"), _match("state_key", _ALICE)],
        _SOUND,
    ),
    (".m.rule.member_event", [_match("type", "m.room.member")], []),
    (
        ".m.rule.is_user_mention",
        [("event_property_contains", "key", r"content.m\.mentions.user_ids", "value", _ALICE)],
        [*_SOUND, {"set_tweak": "highlight"}],
    ),
    (
        ".m.rule.is_room_mention",
        [
            ("event_property_is", "key", r"content.m\.mentions.room", "value", True),
            ("sender_notification_permission", "key", "room"),
        ],
        _HIGHLIGHT,
    ),
    (".m.rule.tombstone", [_match("type", "m.room.tombstone"), _match("state_key", "")], _HIGHLIGHT),
    (".m.rule.reaction", [_match("type", "m.reaction")], []),
    (".m.rule.room.server_acl", [_match("type", "m.room.server_acl"), _match("state_key", "")], []),
    (
        ".m.rule.suppress_edits",
        [("event_property_is", "key", r"content.m\.relates_to.rel_type", "value", "m.replace")],
        [],
    ),
]
_UNDERRIDE: list[tuple[str, list[tuple[Any, ...]], list[Any]]] = [
    (".m.rule.call", [_match("type", "m.call.invite")], ["notify", {"set_tweak": "sound", "value": "ring"}]),
    (".m.rule.encrypted_room_one_to_one", [_PAIR, _match("type", "m.room.encrypted")], _SOUND),
    (".m.rule.room_one_to_one", [_PAIR, _match("type", "m.room.message")], _SOUND),
    (".m.rule.message", [_match("type", "m.room.message")], ["notify"]),
    (".m.rule.encrypted", [_match("type", "m.room.encrypted")], ["notify"]),
]


def _as_json(rule: tuple[str, list[tuple[Any, ...]], list[Any]]) -> dict[str, Any]:
    rule_id, conditions, actions = rule
    return {
        "rule_id": rule_id,
        "default": True,
        "enabled": rule_id != ".m.rule.master",
        "conditions": [
            {"kind": kind, **dict(zip(parameters[::2], parameters[1::2], strict=True))}
            for kind, *parameters in conditions
        ],
        "actions": actions,
    }


class PredefinedRules(unittest.TestCase):
    def test_each_is_as_specified_and_they_are_tried_in_that_order(self) -> None:
        """Conditions, actions, and only the master rule off."""
        rules = default_rules(_ALICE)
        for kind, expected in (("override", _OVERRIDE), ("underride", _UNDERRIDE)):
            self.assertEqual([rule["rule_id"] for rule in rules[kind]], [rule[0] for rule in expected])
            for rule, specified in zip(rules[kind], expected, strict=True):
                with self.subTest(specified[0]):
                    self.assertEqual(rule, _as_json(specified))

    def test_the_kinds_are_in_the_order_in_which_they_are_checked(self) -> None:
        """No rule of the other kinds is predefined."""
        self.assertEqual(list(default_rules(_ALICE)), list(KINDS))
        self.assertEqual(KINDS, ("override", "content", "room", "sender", "underride"))
        for kind in ("content", "room", "sender"):
            self.assertEqual(default_rules(_ALICE)[kind], [])

    def test_a_users_rules_are_their_own(self) -> None:
        """Changing one user's does not change what others get."""
        mine = default_rules(_ALICE)
        for kind in ("override", "underride"):
            for rule in mine[kind]:
                rule["enabled"] = not rule["enabled"]
                rule["actions"].append("changed")
                rule["conditions"].append({"kind": "changed"})

        self.assertEqual(default_rules(_ALICE)["override"], [_as_json(rule) for rule in _OVERRIDE])
        self.assertEqual(default_rules(_ALICE)["underride"], [_as_json(rule) for rule in _UNDERRIDE])
