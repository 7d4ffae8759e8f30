"""A bounded map whose entries expire."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Clock = Callable[[], int]
"""Milliseconds since the epoch."""


def now_ms() -> int:
    """The time of day, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class TimedCache(Generic[K, V]):
    """Keeps at most `max_entries`, dropping the one that was put first."""

    def __init__(self, max_entries: int, clock: Clock = now_ms) -> None:
        self._max_entries = max_entries
        self._clock = clock
        self._entries: OrderedDict[K, tuple[int, V]] = OrderedDict()

    def find(self, key: K) -> V | None:
        """The value, unless it has expired."""
        entry = self._entries.get(key)
        if entry is None or entry[0] <= self._clock():
            return None
        return entry[1]

    def find_stale(self, key: K) -> V | None:
        """The value, expired or not."""
        entry = self._entries.get(key)
        return None if entry is None else entry[1]

    def put(self, key: K, value: V, ttl_ms: int) -> None:
        """Keep a value for so many milliseconds."""
        self._entries.pop(key, None)
        self._entries[key] = (self._clock() + ttl_ms, value)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    def drop(self, key: K) -> None:
        """Forget a value."""
        self._entries.pop(key, None)

    def __len__(self) -> int:
        return len(self._entries)
