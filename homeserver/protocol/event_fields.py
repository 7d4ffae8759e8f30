"""The `event_fields` of a filter: which parts of events a client wants.

https://spec.matrix.org/v1.19/client-server-api/#filtering and
https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from homeserver.protocol.property_paths import find_property, split_path

_MISSING = object()


class EventFields:
    """Some fields of events."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = [split_path(path) for path in paths]

    def of(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The event with nothing but these fields."""
        kept: dict[str, Any] = {}
        for path in self._paths:
            value = find_property(event, path, _MISSING)
            if value is not _MISSING:
                _put(kept, path, value)
        return kept


def _put(kept: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Copies on the way down, so that what a shorter path brought is not changed."""
    *parents, last = path
    at = kept
    for key in parents:
        below = at.get(key)
        at[key] = dict(below) if isinstance(below, dict) else {}
        at = at[key]
    at[last] = value
