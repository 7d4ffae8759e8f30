"""Token buckets."""

from __future__ import annotations

import unittest

from homeserver.http.rate_limits import MAX_BUCKETS, RateLimit, RateLimits
from homeserver.protocol.errors import MatrixError


class RateLimitsTest(unittest.TestCase):
    """With a clock that stands still unless told."""

    def setUp(self) -> None:
        self.now = 1000.0
        self.limits = RateLimits({"rc": RateLimit(2, 3)}, clock=lambda: self.now)

    def passed(self, key: str = "a", count: int = 10) -> int:
        """How many of so many requests at once pass."""
        for number in range(count):
            try:
                self.limits.check("rc", key)
            except MatrixError:
                return number
        return count

    def test_a_burst_passes_and_then_the_rate(self) -> None:
        """Never more than the burst, however long the pause."""
        self.assertEqual(self.passed(), 3)
        self.now += 0.5
        self.assertEqual(self.passed(), 1)
        self.now += 1.0
        self.assertEqual(self.passed(), 2)
        self.now += 1000
        self.assertEqual(self.passed(), 3)

    def test_the_wait_is_told_and_is_enough(self) -> None:
        """In milliseconds."""
        self.passed()
        with self.assertRaises(MatrixError) as raised:
            self.limits.check("rc", "a")
        self.assertEqual(raised.exception.body()["retry_after_ms"], 500)
        self.now += 0.5
        self.limits.check("rc", "a")

    def test_keys_and_names_do_not_share(self) -> None:
        """And a name without configuration does not limit."""
        self.passed("a")
        self.assertEqual(self.passed("b"), 3)
        for _ in range(100):
            self.limits.check("other", "a")

    def test_disabled_and_exempt(self) -> None:
        """Nothing is refused."""
        self.limits = RateLimits({"rc": RateLimit(2, 3)}, is_enabled=False)
        self.assertEqual(self.passed(), 10)
        self.limits = RateLimits({"rc": RateLimit(2, 3)}, is_exempt=lambda key: key == "bridge")
        self.assertEqual((self.passed("bridge"), self.passed("a")), (10, 3))

    def test_failures_are_counted_afterwards(self) -> None:
        """`wait_ms` takes nothing, `take` takes even what is not there."""
        for _ in range(10):
            self.assertEqual(self.limits.wait_ms("rc", "a"), 0)
        for _ in range(4):
            self.limits.take("rc", "a")
        self.assertEqual(self.limits.wait_ms("rc", "a"), 1000)

    def test_no_rate_at_all(self) -> None:
        """0 a second is never."""
        self.limits = RateLimits({"rc": RateLimit(0, 3)})
        self.assertEqual(self.passed(), 0)

    def test_memory_is_bounded_and_the_busiest_are_remembered(self) -> None:
        """A flood of keys does not wash out a key that is over its limit."""
        for _ in range(50):
            self.limits.take("rc", "attacker")
        for number in range(3 * MAX_BUCKETS):
            self.limits.take("rc", f"key{number}")

        self.assertLessEqual(len(self.limits._full_at["rc"]), MAX_BUCKETS)
        self.assertGreater(self.limits.wait_ms("rc", "attacker"), 0)
