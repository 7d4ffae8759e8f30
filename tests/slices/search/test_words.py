"""Taking text apart into words."""

from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import strategies as st

from homeserver.slices.search.words import MOST_CHARACTERS, MOST_WORDS, fold, words_of


class WordsTest(unittest.TestCase):
    """Words of any language."""

    def test_words(self) -> None:
        """Case, accents, width and punctuation do not count; scripts without spaces come as pairs."""
        table = {
            "Hello, world! hello": {"hello": 2, "world": 1},
            "Crème brûlée": {"creme": 1, "brulee": 1},
            "Straße ＦＵＬＬ": {"strasse": 1, "full": 1},
            "東京都": {"東京": 1, "京都": 1},
            "猫": {"猫": 1},
            "Python入門": {"python": 1, "入門": 1},
            "ひらがな": {"ひら": 1, "らか": 1, "かな": 1},
            "...": {},
        }
        for text, words in table.items():
            with self.subTest(text):
                self.assertEqual(dict(words_of(text)), words)

    @given(st.text(max_size=2000))
    def test_bounds(self, text: str) -> None:
        """Whatever the text, there are not too many words, and none is too long or empty."""
        words = words_of(text)

        self.assertLessEqual(len(words), MOST_WORDS)
        self.assertTrue(all(0 < len(word) <= MOST_CHARACTERS for word in words))

    @given(st.text(max_size=200))
    def test_folding_once_is_enough(self, text: str) -> None:
        """What is folded stays as it is, so that words asked for and words kept are the same."""
        self.assertEqual(words_of(fold(text)), words_of(text))
