"""JSON that is wrong in one way or another: examples with something in them replaced, and what is no JSON at all."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

DEEP = 10_000


class Literal:
    """Bytes that stand in JSON as they are."""

    def __init__(self, text: bytes) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Literal({self.text[:40]!r}...)"


class Twice:
    """A value that is given a second time under its key, with another value."""

    def __init__(self, value: Any) -> None:
        self.value = value


ODD_TEXTS = [
    "",
    "\0",
    "a\0b",
    "\n",
    " ",
    "\u202e\ufeff",
    "\U0001f4a9" * 200,
    "é" * 300,
    "x" * 256,
    "x" * 70_000,
    "../../etc/passwd",
    "a/b",
    "%00",
    "'; DROP TABLE events; --",
    "__proto__",
    "*",
    "?",
    "[",
    "(a+)+$",
    "@",
    "@:",
    "!",
    "#",
    "$",
    "@a:",
    "@\0:x",
    "mxc://",
    "mxc://a/../b",
    "null",
    "true",
    "1",
    "-1",
    "9" * 400,
    "1e999",
    "http://localhost:1/",
    "m.room.member",
    "m.room.create",
    "m.room.encrypted",
    "m.fully_read",
    "m.push_rules",
    "join",
    "ban",
    "12",
]

ODD_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**53 - 1,
    2**53,
    -(2**53),
    2**63,
    2**64,
    10**400,
    0.5,
    -0.0,
    1e308,
    [],
    {},
    [[]],
    [None],
    [{}],
    [1, "a"],
    {"": ""},
    {"a": None},
    {"\0": "\0"},
    {"$ref": "#"},
    {"m.relates_to": {"rel_type": "m.thread", "event_id": 1}},
    ["x"] * 3000,
    {f"k{number}": number for number in range(3000)},
    Literal(b"NaN"),
    Literal(b"Infinity"),
    Literal(b"-Infinity"),
    Literal(b"1e400"),
    Literal(b"00012"),
    Literal(b"-"),
    Literal(b'"\\ud800"'),
    Literal(b'"\\udfff\\ud800"'),
    Literal(b'"\xff\xfe"'),
    Literal(b'"\xed\xa0\x80"'),
    Literal(b'"\x01"'),
    Literal(b'"\\x41"'),
    Literal(b"[" * 100 + b"]" * 100),
    Literal(b"[" * DEEP + b"]" * DEEP),
    Literal(b'{"a":' * 90 + b"1" + b"}" * 90),
    Literal(b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    Literal(b"[" * DEEP),
]

WHOLE_BODIES = [
    b"",
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"{",
    b"}",
    b"{}{}",
    b'{"a":1}x',
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"\x1f\x8b\x08\x00",
    b"{'a': 1}",
    b'{"a":1,}',
    b"{a:1}",
    b'{"a": NaN}',
    b'{"a":1,"a":2}',
    b"{}".ljust(200_000),
    "{}".encode("utf-16"),
    b"a=1&b=2",
    b"--x\r\n\r\n--x--",
    b'{"\xff":1}',
    b"\0",
]


def odd_values(known: list[str]) -> st.SearchStrategy[Any]:
    """Anything that should not stand where it will, or what may, of another user's."""
    # Copies: what was put into a body may be changed there in turn.
    return st.one_of(st.sampled_from(ODD_VALUES).map(copy.deepcopy), st.sampled_from(ODD_TEXTS), st.sampled_from(known))


@st.composite
def bodies(draw: st.DrawFn, example: dict[str, Any], names: list[str], known: list[str]) -> bytes:
    """A body for an endpoint that takes such an `example`."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(WHOLE_BODIES))
    body = copy.deepcopy(example)
    for _ in range(draw(st.integers(0, 3))):
        _change(draw, body, names, known)
    return encode(body)


def _change(draw: st.DrawFn, body: dict[str, Any], names: list[str], known: list[str]) -> None:
    """Replace, remove, repeat or add one thing somewhere."""
    container: Any = body
    while isinstance(container, dict | list) and container:
        keys = sorted(container) if isinstance(container, dict) else list(range(len(container)))
        key = draw(st.sampled_from(keys))
        below = container[key]
        if isinstance(below, dict | list) and below and draw(st.booleans()):
            container = below
            continue
        change = draw(st.sampled_from(["replace", "replace", "replace", "remove", "repeat", "add"]))
        if change == "replace":
            container[key] = draw(odd_values(known))
        elif change == "remove":
            del container[key]
        elif change == "repeat" and isinstance(container, dict):
            container[key] = Twice(below)
        elif isinstance(container, dict):
            container[draw(st.sampled_from(names + ODD_TEXTS))] = draw(odd_values(known))
        else:
            container.append(draw(odd_values(known)))
        return
    if isinstance(container, dict):
        container[draw(st.sampled_from(names))] = draw(odd_values(known))


def encode(value: Any) -> bytes:
    """JSON with literals as they are, and lone surrogates as the bytes they would be."""
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, Twice):
        return encode(value.value)
    if isinstance(value, dict):
        return b"{" + b",".join(pair for key, one in value.items() for pair in _pairs(key, one)) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(encode(one) for one in value) + b"]"
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _pairs(key: str, value: Any) -> list[bytes]:
    name = encode(key) + b":"
    if isinstance(value, Twice):
        return [name + b"null", name + encode(value.value)]
    return [name + encode(value)]
