"""Taking text apart into the words it is found by, the same on every database and in every language.

Case, accents and differences of width do not count. Scripts that are written without spaces (Chinese, Japanese, Thai
and so on) are taken apart into pairs of neighbouring characters, so that any part of a sentence is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

MOST_WORDS = 300
MOST_CHARACTERS = 40

_WORD = re.compile(r"\w+")
#: Han, Hiragana, Katakana, Hangul, Thai, Lao, Khmer, Myanmar.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003134f]+"
)


def fold(text: str) -> str:
    """The text without case, accents and differences of width."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(one for one in decomposed if not unicodedata.combining(one))
    return unicodedata.normalize("NFC", bare)


def words_of(text: str) -> Counter[str]:
    """Word to how often it is there; at most `MOST_WORDS` different ones, each cut to `MOST_CHARACTERS`."""
    found: Counter[str] = Counter()
    for match in _WORD.finditer(fold(text)):
        for word in _parts(match[0]):
            if word in found or len(found) < MOST_WORDS:
                found[word] += 1
    return found


def _parts(word: str) -> list[str]:
    parts: list[str] = []
    at = 0
    for match in _UNSPACED.finditer(word):
        if match.start() > at:
            parts.append(word[at : match.start()])
        parts += _pairs(match[0])
        at = match.end()
    if at < len(word):
        parts.append(word[at:])
    return [part[:MOST_CHARACTERS] for part in parts]


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[index : index + 2] for index in range(len(run) - 1)]
