"""Each room version's rules, as its page in the specification says. https://spec.matrix.org/v1.19/rooms/"""

from __future__ import annotations

import unittest
from dataclasses import FrozenInstanceError

from homeserver.protocol.room_versions import DEFAULT_ROOM_VERSION, ROOM_VERSIONS, EventIds

_ALL = [str(number) for number in range(1, 13)]
_FIRST_WITH = {
    # rule: (first version, its value from there on)
    "enforces_key_validity": ("5", True),
    "redaction_auth_rule": ("3", False),
    "strict_canonical_json": ("6", True),
    "aliases_auth_rule": ("6", False),
    "notification_power_limits": ("6", True),
    "knocking": ("7", True),
    "restricted_joins": ("8", True),
    "knock_restricted_joins": ("10", True),
    "integer_power_levels": ("10", True),
    "creator_in_content": ("11", False),
    "redacts_in_content": ("11", True),
    "privileged_creators": ("12", True),
    "room_id_is_create_hash": ("12", True),
}


class TheTable(unittest.TestCase):
    def test_versions_1_to_12_are_known(self) -> None:
        self.assertEqual(list(ROOM_VERSIONS), _ALL)
        self.assertEqual([rules.version for rules in ROOM_VERSIONS.values()], _ALL)
        self.assertIn(DEFAULT_ROOM_VERSION, ROOM_VERSIONS)

    def test_each_rule_changes_with_the_version_that_says_so(self) -> None:
        for rule, (first, value) in _FIRST_WITH.items():
            for version in _ALL:
                with self.subTest(rule=rule, version=version):
                    expected = value if int(version) >= int(first) else not value
                    self.assertIs(getattr(ROOM_VERSIONS[version], rule), expected)

    def test_state_resolution(self) -> None:
        self.assertEqual([ROOM_VERSIONS[version].state_resolution for version in _ALL], ["v1", *["v2"] * 10, "v2.1"])

    def test_event_ids(self) -> None:
        expected = [*[EventIds.OPAQUE] * 2, EventIds.HASH, *[EventIds.URL_SAFE_HASH] * 9]

        self.assertEqual([ROOM_VERSIONS[version].event_ids for version in _ALL], expected)
        self.assertEqual([ROOM_VERSIONS[version].references_are_pairs for version in _ALL], [True] * 2 + [False] * 10)

    def test_redaction_rules(self) -> None:
        kept_of = {
            "m.room.member": [*["membership"] * 8, *["join_authorised_via_users_server membership"] * 4],
            "m.room.create": [*["creator"] * 10, "", ""],
            "m.room.join_rules": [*["join_rule"] * 7, *["allow join_rule"] * 5],
            "m.room.aliases": [*["aliases"] * 5, *[""] * 7],
            "m.room.history_visibility": ["history_visibility"] * 12,
            "m.room.redaction": [*[""] * 10, "redacts", "redacts"],
            "m.room.message": [""] * 12,
        }
        for event_type, per_version in kept_of.items():
            for version, keys in zip(_ALL, per_version, strict=True):
                with self.subTest(type=event_type, version=version):
                    kept = ROOM_VERSIONS[version].redaction.content.get(event_type, frozenset())
                    self.assertEqual(" ".join(sorted(kept)), keys)

    def test_the_rules_of_redaction_that_came_with_version_11(self) -> None:
        for version, rules in ROOM_VERSIONS.items():
            is_new = int(version) >= 11
            redaction = rules.redaction
            with self.subTest(version):
                self.assertEqual(redaction.whole_content, {"m.room.create"} if is_new else set())
                self.assertEqual(redaction.third_party_signed, is_new)
                self.assertEqual(redaction.top_level.isdisjoint({"origin", "membership", "prev_state"}), is_new)
                self.assertEqual("invite" in redaction.content["m.room.power_levels"], is_new)

    def test_the_rules_can_not_be_changed(self) -> None:
        rules = ROOM_VERSIONS["1"]
        with self.assertRaises(FrozenInstanceError):
            rules.knocking = True  # type: ignore[misc]
        with self.assertRaises(TypeError):
            ROOM_VERSIONS["13"] = rules  # type: ignore[index]
        with self.assertRaises(TypeError):
            rules.redaction.content["m.room.message"] = frozenset()  # type: ignore[index]
