"""The `event_fields` of a filter. https://spec.matrix.org/v1.19/client-server-api/#filtering"""

from __future__ import annotations

import unittest

from homeserver.protocol.event_fields import EventFields


class FieldsTest(unittest.TestCase):
    """Cutting events down."""

    def test_a_longer_path_changes_nothing_of_the_event(self) -> None:
        """Only the copy is cut."""
        event = {"content": {"a": {"b": 1, "c": 2}}}

        self.assertEqual(EventFields(["content.a", "content.a.b"]).of(event), {"content": {"a": {"b": 1, "c": 2}}})
        self.assertEqual(EventFields(["content.a.b"]).of(event), {"content": {"a": {"b": 1}}})
        self.assertEqual(event, {"content": {"a": {"b": 1, "c": 2}}})
