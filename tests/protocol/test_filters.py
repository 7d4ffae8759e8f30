"""Filters. https://spec.matrix.org/v1.19/client-server-api/#filtering"""

from __future__ import annotations

import fnmatch
import json
import re
import unittest
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from homeserver.protocol.errors import MatrixError
from homeserver.protocol.filters import (
    DEFAULT_TIMELINE_LIMIT,
    MOST_TIMELINE_LIMIT,
    check_filter,
    decode_filter,
    event_matcher,
    sync_filter,
)

_MESSAGE = {"type": "m.room.message", "sender": "@a:x", "room_id": "!r:x", "content": {"body": "hi"}}
_IMAGE = {**_MESSAGE, "content": {"body": "i", "url": "mxc://x/y"}}
# (filter, an event, whether it passes)
_MATCHES: tuple[tuple[dict[str, Any], dict[str, Any], bool], ...] = (
    ({"types": ["m.room.message"]}, _MESSAGE, True),
    ({"types": ["m.room.name"]}, _MESSAGE, False),
    ({"types": []}, _MESSAGE, False),
    ({"types": ["m.room"]}, _MESSAGE, False),
    ({"types": ["m.room.*"]}, _MESSAGE, True),
    ({"types": ["*"]}, _MESSAGE, True),
    ({"types": ["*.message"]}, _MESSAGE, True),
    ({"types": ["m.*.message"]}, _MESSAGE, True),
    ({"types": ["m.*.name"]}, _MESSAGE, False),
    ({"types": ["m.room.message*"]}, _MESSAGE, True),
    ({"types": ["m.room?message"]}, _MESSAGE, False),
    ({"types": ["M.ROOM.MESSAGE"]}, _MESSAGE, False),
    ({"types": ["m.room.*"], "not_types": ["m.room.message"]}, _MESSAGE, False),
    ({"types": ["m.room.message"], "not_types": ["*"]}, _MESSAGE, False),
    ({"not_types": ["m.room.name"]}, _MESSAGE, True),
    ({"not_types": []}, _MESSAGE, True),
    ({"types": ["*"]}, {"content": {}}, False),
    ({"senders": ["@a:x", "@b:x"]}, _MESSAGE, True),
    ({"senders": ["@b:x"]}, _MESSAGE, False),
    ({"senders": []}, _MESSAGE, False),
    ({"senders": ["@*"]}, _MESSAGE, False),
    ({"senders": ["@a:x"], "not_senders": ["@a:x"]}, _MESSAGE, False),
    ({"not_senders": ["@b:x"]}, _MESSAGE, True),
    ({"rooms": ["!r:x"]}, _MESSAGE, True),
    ({"rooms": ["!s:x"]}, _MESSAGE, False),
    ({"rooms": []}, _MESSAGE, False),
    ({"rooms": ["!r:x"], "not_rooms": ["!r:x"]}, _MESSAGE, False),
    ({"not_rooms": ["!s:x"]}, _MESSAGE, True),
    ({"contains_url": True}, _IMAGE, True),
    ({"contains_url": True}, _MESSAGE, False),
    ({"contains_url": False}, _IMAGE, False),
    ({"contains_url": False}, _MESSAGE, True),
    ({"contains_url": True}, {**_MESSAGE, "content": {"url": None}}, True),
    ({"contains_url": True}, {**_MESSAGE, "content": []}, False),
    ({"types": ["m.room.message"], "senders": ["@b:x"]}, _MESSAGE, False),
)
_WRONG: tuple[Any, ...] = (
    [],
    "x",
    None,
    {"room": []},
    {"room": {"timeline": None}},
    {"room": {"timeline": {"types": "m.room.message"}}},
    {"room": {"state": {"not_types": [5]}}},
    {"room": {"rooms": "!r:x"}},
    {"presence": {"senders": [None]}},
    {"account_data": {"types": {}}},
    {"event_fields": "content.body"},
    {"room": {"timeline": {"limit": "5"}}},
    {"room": {"timeline": {"limit": True}}},
    {"room": {"timeline": {"limit": -1}}},
    {"room": {"timeline": {"limit": 1.5}}},
    {"room": {"rooms": ["r:x"]}},
    {"room": {"timeline": {"not_senders": ["a:x"]}}},
    {"room": {"include_leave": 1}},
    {"room": {"state": {"lazy_load_members": "true"}}},
    {"room": {"timeline": {"contains_url": None}}},
    {"event_format": "client-v2"},
)


class Matching(unittest.TestCase):
    def test_each_field_of_an_event_filter(self) -> None:
        """An absent list lets everything pass, an empty one nothing; exclusions win."""
        for part, event, passes in _MATCHES:
            matcher = event_matcher(part)
            with self.subTest(part, event=event):
                self.assertEqual(matcher is None or matcher(event), passes)

    def test_a_filter_without_conditions_costs_nothing(self) -> None:
        """None stands for: lets everything pass."""
        parts: list[dict[str, Any]] = [{}, {"limit": 5}, {"not_types": []}, {"lazy_load_members": True}]
        for part in parts:
            self.assertIsNone(event_matcher(part))

    @given(st.text("ab*.", max_size=12), st.text("ab.", max_size=12))
    def test_an_asterisk_is_any_run_of_characters(self, pattern: str, text: str) -> None:
        """As in shell patterns."""
        matcher = event_matcher({"types": [pattern]})
        assert matcher is not None

        self.assertEqual(matcher({"type": text}), fnmatch.fnmatchcase(text, pattern))

    def test_many_asterisks_do_not_take_long(self) -> None:
        """A pattern on which backtracking never ends."""
        matcher = event_matcher({"types": ["*a" * 2_000 + "b"]})
        assert matcher is not None

        self.assertFalse(matcher({"type": "a" * 60_000}))


class Checking(unittest.TestCase):
    def test_filters_of_the_wrong_shape(self) -> None:
        """400 `M_BAD_JSON`, and which part is wrong."""
        for value in _WRONG:
            with self.subTest(value), self.assertRaises(MatrixError) as caught:
                check_filter(value)
            self.assertEqual((caught.exception.status, caught.exception.errcode), (400, "M_BAD_JSON"))

    def test_what_is_not_json(self) -> None:
        """400, also for what is nested without end."""
        for text in (
            "",
            "{",
            "5 5",
            "{'a': 1}",
            '{"room":' * 100_000,
            '{"room":' * 5_000 + "{}" + "}" * 5_000,
            "\ud800",
        ):
            with self.subTest(ascii(text[:20])), self.assertRaises(MatrixError) as caught:
                decode_filter(text)
            self.assertEqual(caught.exception.status, 400)

    def test_a_filter_comes_back_as_it_was(self) -> None:
        """With fields that this server does not know."""
        value = {"room": {"timeline": {"limit": 5, "org.example.x": [1]}}, "event_fields": ["type"], "org.example.y": 1}

        self.assertEqual(decode_filter(json.dumps(value)), value)

    def test_errors_name_the_part(self) -> None:
        """For whoever wrote the client."""
        with self.assertRaises(MatrixError) as caught:
            check_filter({"room": {"state": {"not_types": 5}}})
        self.assertTrue(re.search("not_types", caught.exception.message))


class SyncFilters(unittest.TestCase):
    def test_without_a_filter(self) -> None:
        """The defaults of the specification."""
        filter_ = sync_filter({})

        self.assertEqual(filter_.timeline_limit, DEFAULT_TIMELINE_LIMIT)
        for part in (filter_.timeline, filter_.state, filter_.ephemeral, filter_.presence, filter_.rooms):
            self.assertIsNone(part)
        self.assertFalse(filter_.include_leave or filter_.lazy_load_members or filter_.include_redundant_members)
        self.assertTrue(filter_.lets_room("!r:x"))

    def test_each_section_has_its_own_conditions(self) -> None:
        """What is asked of one kind of events says nothing about the others."""
        for section in ("timeline", "state", "ephemeral", "account_data"):
            filter_ = sync_filter({"room": {section: {"types": ["a"]}}})
            parts = {
                "timeline": filter_.timeline,
                "state": filter_.state,
                "ephemeral": filter_.ephemeral,
                "account_data": filter_.room_account_data,
            }
            with self.subTest(section):
                self.assertEqual([name for name, part in parts.items() if part is not None], [section])
        outside = sync_filter({"account_data": {"types": ["a"]}, "presence": {"senders": []}})
        self.assertIsNotNone(outside.account_data)
        self.assertIsNotNone(outside.presence)
        self.assertIsNone(outside.room_account_data)

    def test_rooms(self) -> None:
        """Exclusions win; an empty list is no room."""
        for part, lets in (
            ({"rooms": ["!r:x"]}, True),
            ({"rooms": []}, False),
            ({"not_rooms": ["!r:x"]}, False),
            ({"rooms": ["!r:x"], "not_rooms": ["!r:x"]}, False),
            ({"not_rooms": ["!s:x"]}, True),
        ):
            with self.subTest(part):
                self.assertIs(sync_filter({"room": part}).lets_room("!r:x"), lets)

    def test_the_timeline_limit_has_a_maximum(self) -> None:
        """So that no client asks for a whole room at once."""
        for asked, given_limit in ((5, 5), (0, 0), (10**9, MOST_TIMELINE_LIMIT)):
            with self.subTest(asked):
                self.assertEqual(sync_filter({"room": {"timeline": {"limit": asked}}}).timeline_limit, given_limit)

    def test_lazy_loading_and_leave(self) -> None:
        """Members are loaded lazily if the state's section or the timeline's says so."""
        self.assertTrue(sync_filter({"room": {"state": {"lazy_load_members": True}}}).lazy_load_members)
        self.assertTrue(sync_filter({"room": {"timeline": {"lazy_load_members": True}}}).lazy_load_members)
        self.assertFalse(sync_filter({"room": {"state": {"lazy_load_members": False}}}).lazy_load_members)
        self.assertTrue(sync_filter({"room": {"state": {"include_redundant_members": True}}}).include_redundant_members)
        self.assertTrue(sync_filter({"room": {"include_leave": True}}).include_leave)
        self.assertEqual(sync_filter({"event_fields": ["type", "content.body"]}).event_fields, ("type", "content.body"))
