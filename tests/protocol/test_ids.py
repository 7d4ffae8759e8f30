"""Identifier grammar. https://spec.matrix.org/v1.19/appendices/#identifier-grammar"""

from __future__ import annotations

import unittest
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from homeserver.protocol import ids
from homeserver.protocol.errors import MatrixError

_HASH = "Nhcu5BS-UMnFX7hBVfVSoXiD7OgH6iRT-xyIuqDnpYQ"


class Identifiers(unittest.TestCase):
    def _check(self, function: Callable[[str], bool], valid: list[str], invalid: list[str]) -> None:
        for text in valid:
            with self.subTest(function.__name__, valid=text):
                self.assertTrue(function(text))
        for text in invalid:
            with self.subTest(function.__name__, invalid=text):
                self.assertFalse(function(text))

    def test_server_names(self) -> None:
        self._check(
            ids.is_valid_server_name,
            ["matrix.org", "matrix.org:8888", "1.2.3.4", "1.2.3.4:1234", "[1234:5678::abcd]", "[::1]:5678", "a"],
            [
                "",
                ":80",
                "matrix.org:",
                "matrix.org:123456",
                "matrix.org:70000",
                "matrix.org:8a",
                "a b",
                "a/b",
                "a_b",
                "ünicode.org",
                "256.1.1.1",
                "01.2.3.4",
                "[::1",
                "::1",
                "[:::]",
                "[1.2.3.4]",
                "a\n",
                "matrix.org\n",
                "matrix.org:٣",
                "a" * 256,
            ],
        )

    def test_user_ids_with_the_historical_ones(self) -> None:
        self._check(
            ids.is_valid_user_id,
            ["@a:b", "@Alice:b", "@:b", "@a b\x01:b", "@日本:b:80", "@" + "a" * 252 + ":b"],
            ["", "@", "a:b", "@a", "@a:", "@a\0:b", "@a:b:c", "!a:b", "@" + "a" * 253 + ":b", "@" + "ü" * 127 + ":b"],
        )
        self.assertFalse(ids.is_valid_user_id("@\ud800:b"))

    def test_user_ids_that_clients_may_see_outside_events(self) -> None:
        self._check(ids.is_compliant_user_id, ["@a:b", "@A!~:b"], ["@:b", "@a b:b", "@ü:b", "@\x7f:b", "a:b"])

    def test_localparts_of_new_users(self) -> None:
        self._check(ids.is_valid_localpart, ["a", "a.b_c=d-e/f+9"], ["", "A", "a b", "a:b", "ü", "a\n", "@a"])

    def test_room_ids(self) -> None:
        self._check(
            ids.is_valid_room_id,
            ["!a:b", "!ü x:b.org:80", "!" + _HASH],
            ["", "!", "!a", "!a:", "#a:b", "!a\0:b", "!" + _HASH[1:], "!" + _HASH + "=", "!" + _HASH + "\n"],
        )
        self._check(ids.is_hash_room_id, ["!" + _HASH], ["!a:b", "$" + _HASH])
        self._check(ids.is_domain_room_id, ["!a:b"], ["!" + _HASH])

    def test_aliases(self) -> None:
        self._check(ids.is_valid_alias, ["#a:b", "#:b", "#ü x:b"], ["", "a:b", "#a", "#a\0:b", "#a:b c"])

    def test_event_ids(self) -> None:
        self._check(
            ids.is_valid_event_id,
            ["$a:b", "$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk", "$" + "a" * 254],
            ["", "$", "a", "!a:b", "$a\0", "$" + "a" * 255, "$" + "ü" * 128],
        )

    def test_opaque_and_namespaced_identifiers(self) -> None:
        self._check(ids.is_valid_opaque_id, ["a", "A-._~9", "a" * 255], ["", "a/b", "ü", "a" * 256])
        self._check(ids.is_namespaced_id, ["a", "m.thread", "org.example-x_1"], ["", "A", "1a", ".a", "a" * 256, "a/b"])

    def test_parts(self) -> None:
        self.assertEqual(ids.server_name_of("@a:b.org:80"), "b.org:80")
        self.assertEqual(ids.localpart_of("@a:b.org:80"), "a")
        with self.assertRaises(ValueError):
            ids.server_name_of("!hash")

    def test_checks_answer_invalid_param(self) -> None:
        for check in (
            ids.check_user_id,
            ids.check_room_id,
            ids.check_event_id,
            ids.check_alias,
            ids.check_server_name,
        ):
            with self.subTest(check.__name__), self.assertRaises(MatrixError) as caught:
                check("?")
            self.assertEqual((caught.exception.status, caught.exception.errcode), (400, "M_INVALID_PARAM"))
        ids.check_user_id("@a:b")

    @settings(deadline=None)
    @given(st.text())
    def test_no_text_makes_them_raise(self, text: str) -> None:
        for function in (ids.is_valid_server_name, ids.is_valid_user_id, ids.is_valid_room_id, ids.is_valid_event_id):
            self.assertIn(function(text), (True, False))
            self.assertIn(function("@" + text + ":b"), (True, False))
