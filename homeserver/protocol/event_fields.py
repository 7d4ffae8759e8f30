"""The `event_fields` of a filter: which parts of events a client wants.

https://spec.matrix.org/v1.19/client-server-api/#filtering and
https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_MISSING = object()


def split_path(path: str) -> tuple[str, ...]:
    r"""The keys of a dot-separated path; `\.` and `\\` stand for a dot and a backslash within a key."""
    keys: list[str] = []
    key = ""
    at = 0
    while at < len(path):
        character = path[at]
        if character == "\\" and path[at + 1 : at + 2] in (".", "\\"):
            key += path[at + 1]
            at += 2
            continue
        if character == ".":
            keys.append(key)
            key = ""
        else:
            key += character
        at += 1
    return (*keys, key)


class EventFields:
    """Some fields of events."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = [split_path(path) for path in paths]

    def of(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The event with nothing but these fields."""
        kept: dict[str, Any] = {}
        for path in self._paths:
            value = _find(event, path)
            if value is not _MISSING:
                _put(kept, path, value)
        return kept


def _find(event: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = event
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _put(kept: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Copies on the way down, so that what a shorter path brought is not changed."""
    *parents, last = path
    at = kept
    for key in parents:
        below = at.get(key)
        at[key] = dict(below) if isinstance(below, dict) else {}
        at = at[key]
    at[last] = value
