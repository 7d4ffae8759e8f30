"""Globs. https://spec.matrix.org/v1.19/appendices/#glob-style-matching"""

from __future__ import annotations

import fnmatch
import re
import unittest

from hypothesis import given
from hypothesis import strategies as st

from homeserver.protocol.globs import literal_word_matcher, whole_matcher, word_matcher

_WHOLE = (
    ("lunc?*", "Lunch plans", True),
    ("lunc?*", "LUNCH", True),
    ("lunc?*", " lunch", False),
    ("lunc?*", "lunc", False),
    ("", "", True),
    ("", "a", False),
    ("*", "", True),
    ("*", "any\nthing", True),
    ("?", "\n", True),
    ("a?c", "ac", False),
    ("a.c", "abc", False),
    ("[ab]", "a", False),
    ("@*:example.org", "@someone:EXAMPLE.org", True),
    ("a\n", "a", False),
    ("a", "a\n", False),
)
_WORDS = (
    ("ex*ple", "An example event.", True),
    ("ex*ple", "exple", True),
    ("ex*ple", "An exciting triple-whammy", True),
    ("ex*ple", "an unexample", False),
    ("ex*ple", "examples", False),
    ("cake", "Cake!", True),
    ("cake", "cakes", False),
    ("cake", "pancake", False),
    ("cake", "cake_pan", False),
    ("cake", "pancake cake", True),
    ("cake", "écake", True),
    ("cake*lie", "the cake is a lie", True),
    ("cake*lie", "the cake is a lied lie", True),
    ("cake*lie", "the lie is a cake", False),
    ("c?ke", "a CoKe", True),
    ("*ake", "pancake", True),
    ("ca*", "pan cakes", True),
    ("c++", "c++ is fine", True),
)


class Globs(unittest.TestCase):
    def test_of_whole_texts(self) -> None:
        """Case does not count; only `*` and `?` are special."""
        for pattern, text, expected in _WHOLE:
            with self.subTest(pattern, text=text):
                self.assertIs(whole_matcher(pattern)(text), expected)

    def test_of_words_in_a_text(self) -> None:
        """Word characters are A-Z, a-z, 0-9 and `_`, and no others."""
        for pattern, text, expected in _WORDS:
            with self.subTest(pattern, text=text):
                self.assertIs(word_matcher(pattern)(text), expected)

    def test_literally(self) -> None:
        """A display name can have any characters."""
        for name, text, expected in (
            ("Al*ce", "hi al*ce!", True),
            ("Al*ce", "hi alice!", False),
            ("a.b", "axb", False),
            ("Alice", "malice", False),
        ):
            with self.subTest(name, text=text):
                self.assertIs(literal_word_matcher(name)(text), expected)

    @given(st.text("ab*?\n", max_size=10), st.text("abAB\n", max_size=10))
    def test_agrees_with_shell_patterns(self, pattern: str, text: str) -> None:
        """Which have the same `*` and `?`."""
        self.assertEqual(whole_matcher(pattern)(text), fnmatch.fnmatchcase(text.lower(), pattern.lower()))

    @given(st.text("ab*? ", max_size=6), st.text("ab ", max_size=8))
    def test_a_word_match_is_a_whole_match_of_some_part_between_boundaries(self, pattern: str, text: str) -> None:
        """The definition, tried on every part."""
        boundaries = [match.start() for match in re.finditer(r"(?<![ab])|(?![ab])", text)]
        starts = [at for at in boundaries if at == 0 or text[at - 1] == " "]
        ends = [at for at in boundaries if at == len(text) or text[at] == " "]
        # An asterisk at an end takes in whatever is up to a boundary.
        expected = any(whole_matcher(pattern)(text[start:end]) for start in starts for end in ends if start <= end)

        self.assertEqual(word_matcher(pattern)(text), expected)

    def test_no_pattern_takes_long(self) -> None:
        """On this one backtracking would never end."""
        self.assertFalse(whole_matcher("*a" * 1_000 + "b")("a" * 50_000))
        self.assertFalse(word_matcher("*a?" * 1_000 + "b")("a" * 50_000))
