"""Canonical JSON. https://spec.matrix.org/v1.19/appendices/#canonical-json"""

from __future__ import annotations

import json
import unittest
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from homeserver.protocol.canonical_json import decode_strict, encode, encode_lax

_SPECIFICATION_EXAMPLES = [
    ("{}", "{}"),
    ('{"one": 1, "two": "Two"}', '{"one":1,"two":"Two"}'),
    ('{"b": "2", "a": "1"}', '{"a":"1","b":"2"}'),
    ('{"b":"2","a":"1"}', '{"a":"1","b":"2"}'),
    (
        '{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe", '
        '"three_pids": [{"medium": "email", "address": "john.doe@example.org"}, '
        '{"medium": "msisdn", "address": "123456789"}]}}}',
        '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":'
        '[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},'
        '"success":true}}',
    ),
    ('{"a": "日本語"}', '{"a":"日本語"}'),
    ('{"本": 2, "日": 1}', '{"日":1,"本":2}'),
    ('{"a": "\\u65E5"}', '{"a":"日"}'),
    ('{"a": null}', '{"a":null}'),
    ('{"a": -0, "b": 1e10}', '{"a":0,"b":10000000000}'),
]

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _TEXTS
_VALUES = st.recursive(_SCALARS, lambda part: st.lists(part) | st.dictionaries(_TEXTS, part), max_leaves=20)


def _specified(value: Any) -> bytes:
    """The specification's own example code."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("UTF-8")


class TheEncoding(unittest.TestCase):
    def test_examples_of_the_specification(self) -> None:
        for given_text, expected in _SPECIFICATION_EXAMPLES:
            with self.subTest(given_text):
                self.assertEqual(encode(decode_strict(given_text)), expected.encode())

    def test_every_ascii_character_is_escaped_as_specified(self) -> None:
        text = "".join(map(chr, range(0x80))) + "\x80\u2028\u2029\uffff"

        self.assertEqual(encode(text), _specified(text))
        self.assertEqual(encode('\b\t\n\f\r"\\\x07\x1f\x7f/'), b'"\\b\\t\\n\\f\\r\\"\\\\\\u0007\\u001f\x7f/"')

    def test_keys_are_sorted_by_code_point_not_by_utf_16(self) -> None:
        """U+1F600 starts with the surrogate D83D, which is less than U+FF61."""
        self.assertEqual(encode({"\U0001f600": 1, "\uff61": 2}), '{"\uff61":2,"\U0001f600":1}'.encode())

    def test_integers_up_to_2_to_the_53(self) -> None:
        self.assertEqual(encode([2**53 - 1, 1 - 2**53]), b"[9007199254740991,-9007199254740991]")
        for number in (2**53, -(2**53), 2**63, 2**64, 10**30):
            with self.subTest(number), self.assertRaises(ValueError):
                encode({"a": [number]})

    def test_what_is_not_canonical_json_is_refused(self) -> None:
        for value in (1.0, 1.5, float("nan"), float("inf"), {"a": [{"b": 0.1}]}, "\ud800", {"\udc00": 1}, {1: 2}):
            with self.subTest(repr(value)), self.assertRaises(ValueError):
                encode(value)
        for other in (b"bytes", {"set"}, (1, 2), object()):
            with self.subTest(repr(other)), self.assertRaises(ValueError):
                encode(other)

    def test_hostile_nesting_is_a_value_error(self) -> None:
        nested: list[Any] = []
        for _ in range(100_000):
            nested = [nested]
        for function in (encode, encode_lax):
            with self.subTest(function.__name__), self.assertRaises(ValueError):
                function(nested)
            with self.subTest(function.__name__), self.assertRaises(ValueError):
                function([1.5, nested])

    @settings(deadline=None)
    @given(_VALUES)
    def test_agrees_with_the_code_in_the_specification(self, value: Any) -> None:
        self.assertEqual(encode(value), _specified(value))
        self.assertEqual(encode_lax(value), _specified(value))

    @settings(deadline=None)
    @given(_VALUES)
    def test_is_a_fixed_point(self, value: Any) -> None:
        encoded = encode(value)

        self.assertEqual(decode_strict(encoded), value)
        self.assertEqual(encode(decode_strict(encoded)), encoded)

    @settings(deadline=None)
    @given(st.dictionaries(_TEXTS, _VALUES), st.randoms(use_true_random=False))
    def test_does_not_depend_on_key_order(self, value: dict[str, Any], random: Any) -> None:
        items = list(value.items())
        random.shuffle(items)

        self.assertEqual(encode(dict(items)), encode(value))


class TheLaxEncoding(unittest.TestCase):
    """Room versions 1 to 5."""

    def test_floats_and_any_integers(self) -> None:
        self.assertEqual(
            encode_lax({"b": 50.57, "a": [1.0, 1e22, 10**30, 2**53, "ü"]}),
            '{"a":[1.0,1e+22,1000000000000000000000000000000,9007199254740992,"ü"],"b":50.57}'.encode(),
        )

    def test_what_is_not_json_is_refused(self) -> None:
        for value in (float("nan"), float("-inf"), [1.5, {1: 2}], [1.5, b""], [1.5, "\ud800"], (1.5,), object()):
            with self.subTest(repr(value)), self.assertRaises(ValueError):
                encode_lax(value)

    @settings(deadline=None)
    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_a_float_reads_back_the_same(self, number: float) -> None:
        encoded = encode_lax([number])

        self.assertEqual(encode_lax(json.loads(encoded)), encoded)


class Decoding(unittest.TestCase):
    def test_what_is_not_json_is_a_value_error(self) -> None:
        texts = [b"", b"{", b"NaN", b"[Infinity]", b"-Infinity", b"01", b"1.", b"\xff", b'"\xed\xa0\x80"', b"{'a':1}"]
        for text in [*texts, b'{"a":1,}', b"[1] 2", b'"\\ud800"', b"[" * 100_000]:
            with self.subTest(text[:20]), self.assertRaises(ValueError):
                decode_strict(text)

    def test_a_huge_exponent_costs_nothing_and_is_no_integer(self) -> None:
        for text in ("1e9999999999", "1e400", "-1e999"):
            with self.subTest(text), self.assertRaises(ValueError):
                encode(decode_strict(text))

    def test_a_number_with_a_fraction_stays_a_float(self) -> None:
        for text in ("1.0", "1.5e3", "1e-1"):
            with self.subTest(text):
                self.assertIs(type(decode_strict(text)), float)

    def test_of_a_key_that_occurs_twice_the_last_counts(self) -> None:
        self.assertEqual(decode_strict('{"a":1,"a":2}'), {"a": 2})
