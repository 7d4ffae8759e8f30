"""Paths of properties. https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths"""

from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import strategies as st

from homeserver.protocol.property_paths import find_property, split_path

_PATHS = (
    ("content.body", ("content", "body")),
    ("type", ("type",)),
    (r"content.m\.relates_to", ("content", "m.relates_to")),
    (r"content.m\\foo", ("content", "m\\foo")),
    (r"content.m\xfoo", ("content", r"m\xfoo")),
    (r"a\\.b", ("a\\", "b")),
    (r"a\\\.b", ("a\\.b",)),
    ("a..b", ("a", "", "b")),
    ("a.", ("a", "")),
    ("", ("",)),
    ("a\\", ("a\\",)),
)


class Paths(unittest.TestCase):
    def test_names_in_a_path(self) -> None:
        """Only dots and backslashes are escaped; any other backslash is itself."""
        for path, names in _PATHS:
            with self.subTest(path):
                self.assertEqual(split_path(path), names)

    @given(st.lists(st.text(".\\ab", max_size=4), min_size=1, max_size=4))
    def test_escaped_names_come_back(self, names: list[str]) -> None:
        """Whatever they are."""
        escaped = [name.replace("\\", "\\\\").replace(".", "\\.") for name in names]

        self.assertEqual(split_path(".".join(escaped)), tuple(names))

    def test_properties(self) -> None:
        """Absent is absent also behind what is no object; null is there."""
        value = {"a": {"b.c": 1, "n": None, "l": [{"x": 1}]}}
        for path, expected in ((r"a.b\.c", 1), ("a.n", None), ("a.x", 7), ("a.l.x", 7), ("a.l.0", 7), ("b.a", 7)):
            with self.subTest(path):
                self.assertEqual(find_property(value, split_path(path), 7), expected)
        self.assertEqual(find_property(5, ("a",), 7), 7)
