"""Dot-separated paths of properties: https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

_PATH_PART = re.compile(r"(?:\\[.\\]|[^.])*")


@lru_cache(maxsize=4096)
def split_path(path: str) -> tuple[str, ...]:
    r"""The names in a dot-separated path, in which `\.` and `\\` are a dot and a backslash of a name."""
    parts, at = [], 0
    while True:
        match = _PATH_PART.match(path, at)
        assert match is not None, "it matches nothing at least"
        parts.append(re.sub(r"\\([.\\])", r"\1", match[0]))
        if match.end() == len(path):
            return tuple(parts)
        at = match.end() + 1


def find_property(value: Any, path: Sequence[str], default: Any = None) -> Any:
    """What stands in a JSON object behind these names, or the default."""
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return default
        value = value[name]
    return value
