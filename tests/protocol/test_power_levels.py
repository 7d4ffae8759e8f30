"""What power levels say. https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels"""

from __future__ import annotations

import unittest
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from homeserver.protocol.power_levels import INFINITE, PowerLevels, creators_of, read_level
from homeserver.protocol.room_versions import ROOM_VERSIONS
from tests.protocol.sample_rooms import ALICE, BOB, CAROL, POWER, SampleRoom

_LEVELS: tuple[tuple[Any, int | None], ...] = (
    (50, 50),
    (-1, -1),
    (2**53 - 1, 2**53 - 1),
    ("100", 100),
    ("000100", 100),
    ("0" * 400 + "7", 7),
    ("+100", 100),
    ("-100", -100),
    (" 100 ", 100),
    (" 00100 ", 100),
    (" +100 ", 100),
    (" -100 ", -100),
    ("\t1\n", 1),
    ("0", 0),
    (51146.98, 51146),
    (50.57, 50),
    (-0.9, 0),
    (1e300, int(1e300)),
    ("", None),
    ("-", None),
    ("+-1", None),
    ("1 0", None),
    ("- 1", None),
    ("5.0", None),
    ("1e3", None),
    ("1_000", None),
    ("0x10", None),
    ("١٠", None),
    ("9" * 5_000, None),
    (True, None),
    (False, None),
    (None, None),
    ([50], None),
    ({}, None),
    (float("inf"), None),
    (float("nan"), None),
)
_SAYING_NOTHING: tuple[dict[str, Any] | None, ...] = (None, {})


def _levels(version: str, content: dict[str, Any] | None = None, **create: Any) -> PowerLevels:
    room = SampleRoom(version, create)
    power = None if content is None else room.event("m.room.power_levels", ALICE, content, state_key="")
    return PowerLevels.from_state(room.create, power)


class WrittenLevels(unittest.TestCase):
    def test_integers_texts_of_integers_and_floats(self) -> None:
        """As room versions before 10 (texts) and 6 (floats) may have them; whoever reads anything else finds none."""
        for value, expected in _LEVELS:
            with self.subTest(repr(value)[:40]):
                level = read_level(value)
                self.assertEqual(level, expected)
                self.assertIsNot(type(level), float)

    @given(st.integers(-(2**53) + 1, 2**53 - 1), st.sampled_from(("", " ", "\t ")), st.integers(0, 50))
    def test_an_integer_and_its_text_are_the_same_level(self, level: int, space: str, zeroes: int) -> None:
        """With any number of leading zeroes and any white space around it."""
        sign = "-" if level < 0 else ""
        self.assertEqual(read_level(level), level)
        self.assertEqual(read_level(f"{space}{sign}{'0' * zeroes}{abs(level)}{space}"), level)


class Defaults(unittest.TestCase):
    def test_levels_where_the_event_says_nothing_and_where_there_is_none(self) -> None:
        """Ban, kick, redact and state 50; invites and messages 0; notifications 50."""
        for version in ROOM_VERSIONS:
            for content in _SAYING_NOTHING:
                levels = _levels(version, content)
                with self.subTest(version, content=content):
                    self.assertEqual((levels.ban, levels.kick, levels.redact, levels.invite), (50, 50, 50, 0))
                    self.assertEqual(levels.needed_for("m.room.topic", is_state=True), 50)
                    self.assertEqual(levels.needed_for("m.room.message", is_state=False), 0)
                    self.assertEqual(levels.notification("room"), 50)
                    self.assertEqual(levels.of_user(CAROL), 0)

    def test_levels_as_the_event_has_them(self) -> None:
        """`events` before the defaults of its kind, `users` before `users_default`."""
        levels = _levels(
            "10",
            {
                "ban": 1,
                "kick": 2,
                "redact": 3,
                "invite": 4,
                "state_default": 5,
                "events_default": 6,
                "users_default": 7,
                "events": {"m.room.topic": 8},
                "users": {BOB: 9},
                "notifications": {"room": 10},
            },
        )
        self.assertEqual((levels.ban, levels.kick, levels.redact, levels.invite), (1, 2, 3, 4))
        self.assertEqual(levels.needed_for("m.room.name", is_state=True), 5)
        self.assertEqual(levels.needed_for("m.room.message", is_state=False), 6)
        self.assertEqual(levels.of_user(CAROL), 7)
        self.assertEqual(levels.needed_for("m.room.topic", is_state=True), 8)
        self.assertEqual(levels.needed_for("m.room.topic", is_state=False), 8)
        self.assertEqual(levels.of_user(BOB), 9)
        self.assertEqual(levels.notification("room"), 10)

    def test_levels_as_texts(self) -> None:
        """Nested ones too, before version 10."""
        levels = _levels(
            "9", {"ban": " 60 ", "events": {"a": "+7"}, "users": {BOB: "0100"}, "notifications": {"room": "5"}}
        )

        self.assertEqual((levels.ban, levels.of_user(BOB), levels.notification("room")), (60, 100, 5))
        self.assertEqual(levels.needed_for("a", is_state=False), 7)

    def test_what_is_no_level_counts_as_absent(self) -> None:
        """Before version 10 only `users` is checked, so the rest can hold anything."""
        odd: list[Any] = [None, [], "x", True]
        for value in odd:
            levels = _levels(
                "9", {"ban": value, "events": value, "notifications": {"room": value}, "users_default": value}
            )
            with self.subTest(value):
                self.assertEqual((levels.ban, levels.notification("room"), levels.of_user(BOB)), (50, 50, 0))
                self.assertEqual(levels.needed_for("a", is_state=True), 50)

    def test_a_state_without_create_event_has_no_creators(self) -> None:
        """Nobody has more than the default there."""
        self.assertEqual(PowerLevels.from_state(None, None).of_user(ALICE), 0)


class Creators(unittest.TestCase):
    def test_who_they_are(self) -> None:
        """`content.creator` to version 10, the sender in 11, with `additional_creators` in 12."""
        for version in ROOM_VERSIONS:
            create = SampleRoom(version, {"creator": BOB, "additional_creators": [CAROL]}).create
            expected = {BOB} if int(version) <= 10 else {ALICE} if version == "11" else {ALICE, CAROL}
            with self.subTest(version):
                self.assertEqual(creators_of(create), expected)

    def test_the_creator_has_100_until_there_are_power_levels(self) -> None:
        """To version 11; then the creator's level stands there like everybody's."""
        for version in ROOM_VERSIONS:
            if version != "12":
                with self.subTest(version):
                    self.assertEqual(_levels(version).of_user(ALICE), 100)
                    self.assertEqual(_levels(version, {}).of_user(ALICE), 0)
                    self.assertEqual(_levels(version, {"users": {ALICE: 7}}).of_user(ALICE), 7)

    def test_creators_of_version_12_are_above_every_level(self) -> None:
        """Whatever the power levels say, and without them."""
        for content in (None, {}, {"users_default": 2**53 - 1}):
            levels = _levels("12", content, additional_creators=[BOB])
            with self.subTest(content):
                self.assertEqual((levels.of_user(ALICE), levels.of_user(BOB)), (INFINITE, INFINITE))
                self.assertLess(levels.of_user(CAROL), INFINITE)
                self.assertGreater(INFINITE, 2**53 - 1)

    def test_levels_of_a_state(self) -> None:
        """Read from the two events that make them."""
        room = SampleRoom("6").power(users={BOB: 5})

        self.assertEqual(PowerLevels.from_state(room.create, room.state[POWER]).of_user(BOB), 5)
