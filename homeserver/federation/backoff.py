"""When a destination that failed is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from homeserver.database import Database
from homeserver.federation import queries_outgoing
from homeserver.protocol.errors import MatrixError

_jitter = random.SystemRandom()
_MOST_STEPS = 64
_INSIST_EVERY_MS = 10_000
#: With waits of four minutes, some seven hours.
_FAILURES_OF_THE_LOST = 100


@dataclass(frozen=True, slots=True)
class Retries:
    """How long to wait after a failure, and after each further one so many times as long, up to a longest wait.

    That is four minutes unless the operator says otherwise, so that a peer that was away is healed within five minutes
    of its return, even if it says nothing itself.
    """

    first_ms: int = 1_000
    multiplier: int = 2
    longest_ms: int = 4 * 60_000

    def wait_ms(self, failures: int) -> int:
        """How long to wait after so many failures in a row, with a fifth of jitter."""
        wait_ms = self.first_ms
        for _ in range(min(failures - 1, _MOST_STEPS)):
            if wait_ms >= self.longest_ms:
                break
            wait_ms *= self.multiplier
        return int(min(wait_ms, self.longest_ms) * _jitter.uniform(0.8, 1.2))


class DestinationHealth:
    """Which destinations are failing. Kept in memory, written when it changes. Used on the reactor thread."""

    def __init__(self, database: Database, now_ms: Callable[[], int], retries: Retries | None = None) -> None:
        self._database = database
        self._now_ms = now_ms
        self._retries = retries or Retries()
        self._failing: dict[str, tuple[int, int]] = {}
        # When something urgent was last tried with those that are failing.
        self._insisted: dict[str, int] = {}
        self._revived: list[Callable[[str], None]] = []

    async def load(self) -> None:
        """Take up what was known before the restart."""
        for name, failures, retry_at_ms in await self._database.read(queries_outgoing.failing_destinations):
            self._failing[name] = (failures, retry_at_ms)

    def on_revived(self, callback: Callable[[str], None]) -> None:
        """Call back with a server's name when a failing one gives a sign of life."""
        self._revived.append(callback)

    def wait_ms(self, server_name: str) -> int:
        """How long not to try a server; 0 when it may be tried."""
        known = self._failing.get(server_name)
        return 0 if known is None else max(0, known[1] - self._now_ms())

    def is_lost(self, server_name: str) -> bool:
        """Whether a server has failed so often that nobody should wait for it."""
        return self._failing.get(server_name, (0, 0))[0] >= _FAILURES_OF_THE_LOST

    def check_may_try(self, server_name: str, *, is_urgent: bool = False) -> None:
        """Raise `MatrixError` 502 while a server is being left alone. What is urgent is tried all the same, but not at
        every turn: a server that does not answer at all would have people wait each time."""
        if self.wait_ms(server_name) and not (is_urgent and self._may_insist(server_name)):
            raise MatrixError(502, "M_UNKNOWN", f"{server_name} could not be reached lately; it is tried again soon.")

    async def record_success(self, server_name: str) -> None:
        """The server answered."""
        self._insisted.pop(server_name, None)
        if self._failing.pop(server_name, None) is not None:
            await self._database.transact(queries_outgoing.write_failure, server_name, 0, 0)
            for callback in self._revived:
                callback(server_name)

    async def record_failure(self, server_name: str, *, is_urgent: bool = False) -> None:
        """The server could not be reached, or answered nonsense. That an urgent try failed makes no wait longer."""
        if is_urgent and self.wait_ms(server_name):
            return
        failures = self._failing.get(server_name, (0, 0))[0] + 1
        retry_at_ms = self._now_ms() + self._retries.wait_ms(failures)
        self._failing[server_name] = (failures, retry_at_ms)
        await self._database.transact(queries_outgoing.write_failure, server_name, failures, retry_at_ms)

    def _may_insist(self, server_name: str) -> bool:
        now_ms = self._now_ms()
        if now_ms - self._insisted.get(server_name, 0) < _INSIST_EVERY_MS:
            return False
        self._insisted[server_name] = now_ms
        return True
