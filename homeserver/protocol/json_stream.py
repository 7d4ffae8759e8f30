"""Reading a large JSON object as it arrives: the elements of the lists that it holds, one after the other, as the text
they came in, without ever having the whole of it in memory.

Where an element ends is found by the C scanner of Python's json module, which reads one value out of a longer text;
what it is by the rules of Matrix is decided where it is decoded.
"""

from __future__ import annotations

import codecs
import json
from typing import Any

from homeserver.protocol.canonical_json import decode_strict

MOST_ELEMENT_CHARS = 1_000_000
"""No element of a list, and no value beside the lists, is longer. An event has at most 64 KiB, which its JSON may take
six times over."""

_SPACES = " \t\n\r"
#: After each state the tokens that may come, and the state that they lead to.
_STEPS = {
    "object": {"{": "first key"},
    "first key": {"}": "end"},
    "colon": {":": "value"},
    "after value": {",": "key", "}": "end"},
    "first element": {"]": "after value"},
    "after element": {",": "element", "]": "after value"},
}


class _More(Exception):
    """What there is of the text is not enough for the next token."""


class JsonLists:
    """Takes an object apart. `names`: the members that are lists whose elements are handed out as they come; `rest`:
    the other members' values, once they came. Raises ValueError for what is no such object."""

    def __init__(self, names: frozenset[str]) -> None:
        self.rest: dict[str, Any] = {}
        self._names = names
        self._utf8 = codecs.getincrementaldecoder("utf-8")("strict")
        self._scanner = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._state = "object"
        self._name = ""

    def feed(self, data: bytes) -> list[tuple[str, str]]:
        """(name of the list, text of the element) of all that is complete now."""
        self._text = self._text[self._at :] + self._utf8.decode(data)
        self._at = 0
        found: list[tuple[str, str]] = []
        try:
            while True:
                element = self._step()
                if element is not None:
                    found.append(element)
        except _More:
            if len(self._text) - self._at > MOST_ELEMENT_CHARS:
                raise ValueError("a value is too long") from None
        return found

    def close(self) -> None:
        """There is no more; raises ValueError where the object is not complete."""
        self._utf8.decode(b"", final=True)
        if self._state != "end":
            raise ValueError("the object ends too early")

    def _step(self) -> tuple[str, str] | None:
        """Go on by one token or value; an element where that was one."""
        char = self._peek()
        follows = _STEPS.get(self._state, {}).get(char)
        if follows is not None:
            self._at += 1
            self._state = follows
        elif self._state in ("key", "first key"):
            self._name = self._key()
            self._state = "colon"
        elif self._state in ("element", "first element"):
            text = self._value()
            self._state = "after element"
            return self._name, text
        elif self._state == "value" and self._name in self._names:
            if char != "[":
                raise ValueError(f"{self._name} is no list")
            self._at += 1
            self._state = "first element"
        elif self._state == "value":
            self.rest[self._name] = decode_strict(self._value())
            self._state = "after value"
        else:
            raise ValueError(f"{char!r} stands where it must not")
        return None

    def _peek(self) -> str:
        """The next character that is no space."""
        text, at = self._text, self._at
        while at < len(text) and text[at] in _SPACES:
            at += 1
        self._at = at
        if at == len(text):
            raise _More
        return text[at]

    def _key(self) -> str:
        name = decode_strict(self._value())
        if not isinstance(name, str):
            raise ValueError("a key is no string")
        return name

    def _value(self) -> str:
        """The text of one whole value. A number may go on in what comes next, so that it needs something after it."""
        start = self._at
        try:
            _, end = self._scanner.raw_decode(self._text, start)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        except ValueError:
            # Whether it is wrong or not all here is told when there is more than any value may have.
            raise _More from None
        if end == len(self._text):
            raise _More
        self._at = end
        return self._text[start:end]
