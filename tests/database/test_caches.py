"""Caches within a budget of bytes."""

from __future__ import annotations

import threading
import unittest
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from homeserver.database import ByteCache, CacheBudget

_BUDGET_BYTES = 100
_CACHES = st.integers(0, 2)
_KEYS = st.integers(0, 9)


class CacheLaws(RuleBasedStateMachine):
    """Three caches of one budget, beside what a cache without any limit would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = CacheBudget(_BUDGET_BYTES)
        self.caches: list[ByteCache[int, int]] = [self.budget.cache(f"{index}") for index in range(3)]
        self.put_last: dict[tuple[int, int], tuple[int, int]] = {}
        self.value = 0
        self.asked = 0

    @rule(cache=_CACHES, key=_KEYS, size_bytes=st.integers(0, 130))
    def put(self, cache: int, key: int, size_bytes: int) -> None:
        """Each time another value."""
        self.value += 1
        self.caches[cache].put(key, self.value, size_bytes)
        self.put_last[cache, key] = (self.value, size_bytes)

    @rule(cache=_CACHES, key=_KEYS)
    def get(self, cache: int, key: int) -> None:
        """The last value that was put, or none; never one from before."""
        self.asked += 1
        found = self.caches[cache].get(key)
        assert found is None or found == self.put_last[cache, key][0]

    @rule(cache=_CACHES, key=_KEYS)
    def drop(self, cache: int, key: int) -> None:
        """It is gone."""
        self.caches[cache].drop(key)
        self.put_last.pop((cache, key), None)

    @rule(cache=_CACHES)
    def clear(self, cache: int) -> None:
        """All of it is gone."""
        self.caches[cache].clear()
        self.put_last = {place: put for place, put in self.put_last.items() if place[0] != cache}
        assert len(self.caches[cache]) == 0

    @invariant()
    def the_budget_holds(self) -> None:
        """After everything that is done."""
        assert self.budget.used_bytes <= _BUDGET_BYTES

    @invariant()
    def the_counts_are_right(self) -> None:
        """The budget's is the sum of the caches', a cache's the sum of its entries'."""
        assert self.budget.used_bytes == sum(each.used_bytes for each in self.caches)
        assert sum(each.hits + each.misses for each in self.caches) == self.asked
        for index, cache in enumerate(self.caches):
            held = [key for key in range(10) if cache.get(key) is not None]
            self.asked += 10
            assert len(held) == len(cache)
            assert cache.used_bytes == sum(self.put_last[index, key][1] for key in held)


CacheLaws.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
CacheLawsTest: Any = CacheLaws.TestCase


class Caches(unittest.TestCase):
    def setUp(self) -> None:
        """Two caches of one budget."""
        self.budget = CacheBudget(_BUDGET_BYTES)
        self.one: ByteCache[str, str] = self.budget.cache("one")
        self.two: ByteCache[str, str] = self.budget.cache("two")

    def test_what_was_used_longest_ago_goes_first(self) -> None:
        """Asking for it is using it."""
        for key in ("a", "b", "c"):
            self.one.put(key, key, 30)
        self.one.get("a")
        self.one.put("d", "d", 30)

        self.assertEqual([key for key in ("a", "b", "c", "d") if self.one.get(key)], ["a", "c", "d"])

    def test_the_largest_cache_gives_way(self) -> None:
        """Not the one that is filled just now."""
        for key in ("a", "b", "c"):
            self.one.put(key, key, 30)
        self.two.put("d", "d", 20)

        self.assertIsNone(self.one.get("a"))
        self.assertEqual(self.two.get("d"), "d")

    def test_what_is_larger_than_everything_drives_nothing_out(self) -> None:
        """It is not kept, nor is what it would have replaced."""
        self.one.put("a", "a", 30)
        self.one.put("b", "b", 30)
        self.one.put("a", "huge", 101)

        self.assertIsNone(self.one.get("a"))
        self.assertEqual(self.one.get("b"), "b")

    def test_what_was_read_before_a_change_is_not_kept_after_it(self) -> None:
        """A slow reader may put it; other keys are kept."""
        cache: ByteCache[str, str] = CacheBudget(_BUDGET_BYTES).cache("one")
        cache.put("a", "old", 1)
        cache.outdate("a")
        cache.put("a", "old", 1)
        cache.put("b", "other", 1)

        self.assertIsNone(cache.get("a"))
        self.assertEqual(cache.get("b"), "other")

    def test_counts_are_right_after_use_from_several_threads(self) -> None:
        """Different caches share the budget's count."""

        def use(cache: ByteCache[str, str]) -> None:
            for index in range(3_000):
                cache.put(f"{index % 7}", "x", index % 5)
                cache.drop(f"{(index + 3) % 7}")

        threads = [threading.Thread(target=use, args=(cache,)) for cache in (self.one, self.two, self.one)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.one.clear()
        self.two.clear()

        self.assertEqual(self.budget.used_bytes, 0)
