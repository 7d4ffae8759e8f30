"""Dot-separated property paths.

https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths
"""

from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import strategies as st

from homeserver.protocol.event_fields import EventFields, split_path

_KEYS = st.lists(st.text(max_size=8), min_size=1, max_size=4)


def _written(keys: list[str]) -> str:
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in keys)


class PathTest(unittest.TestCase):
    """Taking paths apart."""

    def test_the_examples_of_the_specification(self) -> None:
        r"""Dots part keys, `\.` and `\\` are characters of a key, any other backslash stands for itself."""
        table = {
            "content.body": ("content", "body"),
            r"content.m\.relates_to": ("content", "m.relates_to"),
            r"m\\foo": (r"m\foo",),
            r"m\x": (r"m\x",),
        }
        for path, keys in table.items():
            with self.subTest(path):
                self.assertEqual(split_path(path), keys)

    @given(_KEYS)
    def test_what_is_written_is_read(self, keys: list[str]) -> None:
        """Escaping and taking apart are each other's opposite."""
        self.assertEqual(split_path(_written(keys)), tuple(keys))


class FieldsTest(unittest.TestCase):
    """Cutting events down."""

    def test_a_longer_path_changes_nothing_of_the_event(self) -> None:
        """Only the copy is cut."""
        event = {"content": {"a": {"b": 1, "c": 2}}}

        self.assertEqual(EventFields(["content.a", "content.a.b"]).of(event), {"content": {"a": {"b": 1, "c": 2}}})
        self.assertEqual(EventFields(["content.a.b"]).of(event), {"content": {"a": {"b": 1}}})
        self.assertEqual(event, {"content": {"a": {"b": 1, "c": 2}}})
