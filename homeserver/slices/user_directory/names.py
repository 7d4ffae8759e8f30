"""Comparing what somebody searches for with what people are called."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum

#: Combining characters that make another sound, and so another word: the Japanese voiced marks.
_KEPT = frozenset("\u3099\u309a")
_WORD = re.compile(r"\w+")


class Match(IntEnum):
    """How well a name fits, best first."""

    WHOLE = 0
    BEGINNING = 1
    WORDS = 2
    WITHIN = 3


def fold(text: str) -> str:
    """For comparison: without case, accents and differences of width."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(one for one in decomposed if one in _KEPT or not unicodedata.combining(one))


def match(words: list[str], user_id: str, display_name: str | None) -> Match | None:
    """How the folded words fit a person; None where they do not.

    Each has to be in the localpart or the display name; in the whole id if it looks like one. What is in no word's
    beginning counts too, if least: not all languages put spaces between words.
    """
    localpart, name = fold(user_id[1:].partition(":")[0]), fold(display_name or "")
    whole_id = fold(user_id)
    if not all(_is_in(word, localpart, name, whole_id) for word in words):
        return None
    term = " ".join(words)
    names = (localpart, name, whole_id)
    if term in names:
        return Match.WHOLE
    if any(one.startswith(term) for one in names):
        return Match.BEGINNING
    beginnings = [localpart, *_WORD.findall(localpart), *_WORD.findall(name), *name.split(), whole_id]
    if all(any(one.startswith(word) for one in beginnings) for word in words):
        return Match.WORDS
    return Match.WITHIN


def _is_in(word: str, localpart: str, name: str, whole_id: str) -> bool:
    if word in localpart or word in name:
        return True
    return (word[:1] == "@" or ":" in word) and word in whole_id
