"""Which fields a profile may have."""

from __future__ import annotations

import unittest
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from homeserver.profiles.records import MEMBER_FIELDS, Profile, check_key, check_size, check_value
from homeserver.protocol.errors import MatrixError

KEYS = st.sampled_from([*MEMBER_FIELDS, "m.tz", "org.example.job", "org.example.pronouns"])
WORDS = st.text(min_size=1, max_size=20)


class ProfileTest(unittest.TestCase):
    """Fields set, shown and removed."""

    def assert_refused(self, errcode: str, check: Any, *arguments: Any) -> None:
        """The check raises 400 with this code."""
        with self.assertRaises(MatrixError) as caught:
            check(*arguments)
        self.assertEqual((caught.exception.status, caught.exception.errcode), (400, errcode))

    @given(st.lists(st.tuples(KEYS, WORDS)))
    def test_a_profile_shows_what_was_set_last(self, changes: list[tuple[str, str]]) -> None:
        """Whatever the order, and nothing else."""
        profile = Profile()
        for key, value in changes:
            profile = profile.with_field(key, value)

        self.assertEqual(profile.content(), dict(changes))

    @given(KEYS, WORDS)
    def test_a_removed_field_leaves_nothing_behind(self, key: str, value: str) -> None:
        """Not even a null."""
        before = Profile("Alice", None, {"org.example.other": 1})
        expected = {name: what for name, what in before.content().items() if name != key}

        self.assertEqual(before.with_field(key, value).without(key).content(), expected)

    def test_an_empty_name_is_no_name(self) -> None:
        """Clients clear a display name or an avatar so."""
        profile = Profile("Alice", "mxc://a/b").with_field("displayname", "").with_field("avatar_url", "")

        self.assertEqual(profile.content(), {})

    def test_a_custom_field_may_be_null(self) -> None:
        """A null is a value, not a removal."""
        self.assertEqual(Profile().with_field("org.example.x", None).content(), {"org.example.x": None})

    def test_member_events_carry_name_and_avatar_only(self) -> None:
        """The rest is asked for where it is wanted."""
        profile = Profile("Alice", "mxc://a/b", {"m.tz": "Europe/London"})

        self.assertEqual(profile.member_content(), {"displayname": "Alice", "avatar_url": "mxc://a/b"})

    def test_keys_of_255_bytes_are_the_longest(self) -> None:
        """One more is too large; other characters are refused."""
        check_key("a" * 255)

        self.assert_refused("M_KEY_TOO_LARGE", check_key, "a" * 256)
        for key in ("", "Upper.case", "1.digit", "org.exam ple", "ä.example"):
            self.assert_refused("M_INVALID_PARAM", check_key, key)

    def test_defined_fields_are_strings(self) -> None:
        """Custom fields may be anything."""
        check_value("org.example.x", {"nested": [1, None]})

        for key in (*MEMBER_FIELDS, "m.tz"):
            for value in (None, 7, ["Alice"]):
                self.assert_refused("M_BAD_JSON", check_value, key, value)
        self.assert_refused("M_INVALID_PARAM", check_value, "displayname", "x" * 257)
        self.assert_refused("M_INVALID_PARAM", check_value, "displayname", "a\0b")

    def test_a_profile_has_64_kib(self) -> None:
        """All fields together, with what JSON adds."""
        empty = len('{"org.example.x":""}')
        check_size(Profile(fields={"org.example.x": "x" * (65536 - empty)}))

        self.assert_refused("M_PROFILE_TOO_LARGE", check_size, Profile(fields={"org.example.x": "x" * (65537 - empty)}))
