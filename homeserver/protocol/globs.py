"""Glob-style matching: https://spec.matrix.org/v1.19/appendices/#glob-style-matching"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_WORD_START, _WORD_END = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"


@lru_cache(maxsize=4096)
def whole_matcher(pattern: str) -> Callable[[str], bool]:
    """A predicate: does the glob match the whole text, whatever the case of its letters?"""
    return _matcher(pattern, r"\A", r"\Z")


@lru_cache(maxsize=4096)
def word_matcher(pattern: str) -> Callable[[str], bool]:
    """A predicate: does the glob match a part of the text that starts and ends at a word boundary?"""
    return _matcher(pattern, _WORD_START, _WORD_END)


def literal_word_matcher(text: str) -> Callable[[str], bool]:
    """A predicate: is this text, in which `*` and `?` are only themselves, in another, between word boundaries?"""
    search = re.compile(_WORD_START + re.escape(text.lower()) + _WORD_END).search
    return lambda other: search(other.lower()) is not None


def _matcher(pattern: str, start: str, end: str) -> Callable[[str], bool]:
    """What is between asterisks is looked for once, from where the part before ended: no backtracking, so that no
    pattern takes long. The first place for each part is as good as any later one."""
    parts = ["".join("." if char == "?" else re.escape(char) for char in part) for part in pattern.lower().split("*")]
    parts[0] = start + parts[0]
    parts[-1] += end
    searches = [re.compile(part, re.DOTALL).search for part in parts]

    def is_match(text: str) -> bool:
        text = text.lower()
        at = 0
        for search in searches:
            found = search(text, at)
            if found is None:
                return False
            at = found.end()
        return True

    return is_match
