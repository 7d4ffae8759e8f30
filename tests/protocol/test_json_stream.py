"""Taking a JSON object apart as it arrives."""

from __future__ import annotations

import json
import unittest
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from homeserver.protocol.json_stream import JsonLists

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=12
)
_NAMES = frozenset({"state", "auth_chain"})


def taken_apart(pieces: list[bytes]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """(rest, lists) of an object that comes in pieces."""
    lists = JsonLists(_NAMES)
    found: dict[str, list[Any]] = {}
    for piece in pieces:
        for name, text in lists.feed(piece):
            found.setdefault(name, []).append(json.loads(text))
    lists.close()
    return lists.rest, found


class JsonListsTest(unittest.TestCase):
    """The object is the same, however it is cut."""

    @given(
        rest=st.dictionaries(_TEXT.filter(lambda name: name not in _NAMES), _VALUES, max_size=4),
        state=st.lists(_VALUES, max_size=6),
        indent=st.sampled_from([None, 1]),
        is_ascii=st.booleans(),
        size=st.integers(1, 40),
    )
    def test_any_cut_gives_what_was_sent(
        self, rest: dict[str, Any], state: list[Any], indent: int | None, is_ascii: bool, size: int
    ) -> None:
        """Also within a character, a number or an escape."""
        value = {**rest, "state": state, "auth_chain": state[:2]}
        data = json.dumps(value, indent=indent, ensure_ascii=is_ascii).encode()
        found_rest, found = taken_apart([data[at : at + size] for at in range(0, len(data), size)])

        self.assertEqual(found_rest, rest)
        self.assertEqual((found.get("state", []), found.get("auth_chain", [])), (state, state[:2]))

    def test_what_is_no_such_object_is_refused(self) -> None:
        """And nothing is waited for without end."""
        for text in (
            "[]",
            '{"state": [1,]}',
            '{"state": {}}',
            '{"state": 5}',
            '{"state": [1] "a": 2}',
            '{"state": []} {}',
            '{"state": [1',
            '{"state": ["a]}',
            '{"a" 1}',
            "{,}",
            "{1: 2}",
            '{"a": [' + "[" * 200_000,
            '{"state": ["' + "x" * 2_000_000,
            '{"a": \udcff}',
        ):
            with self.subTest(repr(text[:20])), self.assertRaises(ValueError):
                taken_apart([text.encode("utf-8", "surrogatepass")])


if __name__ == "__main__":
    unittest.main()
