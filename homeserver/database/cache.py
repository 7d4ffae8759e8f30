"""Caches that together stay within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import RLock
from time import monotonic
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

#: Longer than anybody reads in one transaction.
_OUTDATED_FOR_S = 60.0


class CacheBudget:
    """How many bytes all caches of the process may hold. The largest cache gives way first."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.used_bytes = 0
        self.caches: list[ByteCache[Any, Any]] = []
        self.lock = RLock()
        """Held while any of the caches changes, since they share the count."""

    def cache(self, name: str) -> ByteCache[Any, Any]:
        """A new cache within the budget."""
        made: ByteCache[Any, Any] = ByteCache(name, self)
        self.caches.append(made)
        return made

    def shrink(self) -> None:
        """Drop what was used longest ago, of the largest cache, until the budget holds."""
        with self.lock:
            while self.used_bytes > self.budget_bytes:
                largest = max(self.caches, key=lambda cache: cache.used_bytes)
                if not largest.drop_oldest():
                    return


class ByteCache(Generic[K, V]):
    """A cache that drops what was used longest ago. Safe to use from several threads."""

    def __init__(self, name: str, budget: CacheBudget) -> None:
        self.name = name
        self.used_bytes = 0
        self.hits = 0
        self.misses = 0
        self._budget = budget
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._outdated: OrderedDict[K, float] = OrderedDict()
        self._lock = budget.lock

    def get(self, key: K) -> V | None:
        """The value, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                self.misses += 1
                return None
            self._entries.move_to_end(key)
            self.hits += 1
            return entry[0]

    def get_many(self, keys: Iterable[K]) -> dict[K, V]:
        """The values that are there, by key."""
        with self._lock:
            entries, move_to_end = self._entries, self._entries.move_to_end
            found: dict[K, V] = {}
            asked = 0
            for key in keys:
                asked += 1
                entry = entries.get(key)
                if entry is not None:
                    move_to_end(key)
                    found[key] = entry[0]
            self.hits += len(found)
            self.misses += asked - len(found)
            return found

    def put(self, key: K, value: V, size_bytes: int) -> None:
        """Keep a value that takes about so many bytes. What is larger than the whole budget is not kept."""
        with self._lock:
            self.drop(key)
            if size_bytes > self._budget.budget_bytes or self.is_outdated(key):
                return
            self._entries[key] = (value, size_bytes)
            self._count(size_bytes)
            if self._budget.used_bytes > self._budget.budget_bytes:
                self._budget.shrink()

    def drop(self, key: K) -> None:
        """Forget a key."""
        with self._lock:
            old = self._entries.pop(key, None)
            if old is not None:
                self._count(-old[1])

    def outdate(self, key: K) -> None:
        """What the key stands for has changed: forget it, and for a minute keep no value of it, since somebody may
        just be about to put what they read before the change."""
        with self._lock:
            self.drop(key)
            self._outdated.pop(key, None)
            self._outdated[key] = monotonic() + _OUTDATED_FOR_S

    def is_outdated(self, key: K) -> bool:
        """Whether the key was changed lately; forgets the changes that are older."""
        if not self._outdated:
            return False
        with self._lock:
            now = monotonic()
            while self._outdated and next(iter(self._outdated.values())) < now:
                self._outdated.popitem(last=False)
            return key in self._outdated

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._count(-self.used_bytes)
            self._entries.clear()

    def drop_oldest(self) -> bool:
        """Forget what was used longest ago; False when the cache is empty."""
        with self._lock:
            if not self._entries:
                return False
            _, (_, size_bytes) = self._entries.popitem(last=False)
            self._count(-size_bytes)
            return True

    def __len__(self) -> int:
        return len(self._entries)

    def _count(self, size_bytes: int) -> None:
        self.used_bytes += size_bytes
        self._budget.used_bytes += size_bytes
