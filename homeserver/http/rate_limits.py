"""Token buckets: so many requests a second, and a burst.

https://spec.matrix.org/v1.19/client-server-api/#rate-limiting
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from homeserver.protocol.errors import limit_exceeded

#: Buckets kept for one limit. Past this the fullest half goes: those who asked least lately.
MAX_BUCKETS = 20_000


class Rate(Protocol):
    """`burst_count` at once, refilled at `per_second` (configuration has records of this form)."""

    @property
    def per_second(self) -> float:
        """Tokens a second; 0: nothing passes."""

    @property
    def burst_count(self) -> int:
        """Tokens when full."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A `Rate`."""

    per_second: float
    burst_count: int


class RateLimits:
    """The buckets of this process, by limit name and key (a user ID, an address, a server).

    An unknown limit name never limits, and nothing does when not `is_enabled`. `is_exempt(key)` is asked before a
    request is refused (application services with `rate_limited: false`, say).
    """

    def __init__(
        self,
        limits: Mapping[str, Rate],
        is_enabled: bool = True,
        is_exempt: Callable[[str], bool] = lambda key: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits: dict[str, Rate] = dict(limits) if is_enabled else {}
        self._is_exempt = is_exempt
        self._clock = clock
        # Of a bucket only one number is kept: the time at which it will be full again.
        self._full_at: dict[str, dict[str, float]] = {name: {} for name in self._limits}

    def check(self, name: str, key: str, cost: float = 1.0) -> None:
        """Take `cost` tokens; raises `MatrixError` 429 `M_LIMIT_EXCEEDED` and takes nothing where there are too few."""
        wait_ms = self.wait_ms(name, key, cost)
        if wait_ms:
            raise limit_exceeded(wait_ms)
        self.take(name, key, cost)

    def wait_ms(self, name: str, key: str, cost: float = 1.0) -> int:
        """Milliseconds until `cost` tokens are there, 0 for now; takes nothing."""
        limit = self._limits.get(name)
        if limit is None:
            return 0
        now = self._clock()
        full_at = self._full_at[name].get(key, now)
        wait = max(full_at, now) + (cost - limit.burst_count) / limit.per_second - now if limit.per_second > 0 else 3600
        if wait <= 1e-9 or self._is_exempt(key):
            return 0
        return max(1, round(wait * 1000))

    def take(self, name: str, key: str, cost: float = 1.0) -> None:
        """Take `cost` tokens, there or not (counting what has happened already, such as a failed login)."""
        limit = self._limits.get(name)
        if limit is None or limit.per_second <= 0:
            return
        buckets = self._full_at[name]
        now = self._clock()
        full_at = buckets.get(key)
        if full_at is None and len(buckets) >= MAX_BUCKETS:
            self._prune(buckets, now)
        buckets[key] = max(full_at or now, now) + cost / limit.per_second

    @staticmethod
    def _prune(buckets: dict[str, float], now: float) -> None:
        """Forget full buckets; where that is too little, also the fuller half of the others."""
        for key in [key for key, full_at in buckets.items() if full_at <= now]:
            del buckets[key]
        if len(buckets) > MAX_BUCKETS // 2:
            for key in sorted(buckets, key=buckets.__getitem__)[: len(buckets) - MAX_BUCKETS // 2]:
                del buckets[key]
