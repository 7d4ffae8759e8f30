"""PDUs that could not be worked on yet because their origin did not answer, and when they are tried again.

Kept in memory alone: after a restart all of them are tried at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from homeserver.clock import Clock
from homeserver.federation.backoff import Retries

QueueKey = tuple[str, str]
"""Room id and origin: what is worked on in order."""

MOST_IN_QUEUE = 200
_LONGEST_S = 24 * 3600.0
_MARGIN_S = 0.05


@dataclass(slots=True)
class _Waiting:
    since_s: float
    failures: int
    retry_at_s: float
    awaited: Collection[str] = ()


class Postponed:
    """`wake` is called with a queue some of whose PDUs may be tried again."""

    def __init__(self, reactor: Clock, retries: Retries, wake: Callable[[QueueKey], None]) -> None:
        self._reactor = reactor
        self._retries = retries
        self._wake = wake
        self._queues: dict[QueueKey, dict[int, _Waiting]] = {}

    def is_waiting(self, key: QueueKey, staged_nid: int) -> bool:
        """Whether a PDU is not to be tried yet."""
        waiting = self._queues.get(key, {}).get(staged_nid)
        return waiting is not None and waiting.retry_at_s > self._reactor.seconds()

    def postpone(
        self, key: QueueKey, staged_nid: int, most_failures: int | None = None, awaited: Collection[str] = ()
    ) -> bool:
        """It failed: try it again later, and when one of the `awaited` events has arrived. False where it is to be
        given up: after a day, after so many failures, or where its origin has left too much to wait for already."""
        queue = self._queues.setdefault(key, {})
        now_s = self._reactor.seconds()
        waiting = queue.get(staged_nid)
        if waiting is None:
            if len(queue) >= MOST_IN_QUEUE:
                return False
            waiting = queue[staged_nid] = _Waiting(now_s, 0, now_s)
        waiting.failures += 1
        waiting.awaited = awaited
        if now_s - waiting.since_s > _LONGEST_S or waiting.failures == most_failures:
            self.forget(key, staged_nid)
            return False
        wait_s = self._retries.wait_ms(waiting.failures) / 1000
        waiting.retry_at_s = now_s + wait_s
        self._reactor.callLater(wait_s + _MARGIN_S, self._wake, key)
        return True

    def arrived(self, room_id: str, event_id: str) -> None:
        """An event was taken in: try again what waited for it."""
        for key, queue in self._queues.items():
            if key[0] == room_id:
                for waiting in queue.values():
                    if event_id in waiting.awaited:
                        waiting.retry_at_s = 0.0
                        self._reactor.callLater(0, self._wake, key)

    def forget(self, key: QueueKey, staged_nid: int) -> None:
        """It was worked on, or is given up."""
        queue = self._queues.get(key)
        if queue is not None and queue.pop(staged_nid, None) is not None and not queue:
            del self._queues[key]

    def revive(self, origin: str) -> None:
        """A server gave a sign of life: try again what waits for it."""
        self._revive([key for key in self._queues if key[1] == origin])

    def revive_room(self, room_id: str) -> None:
        """What a room's events waited for is there: try them again."""
        self._revive([key for key in self._queues if key[0] == room_id])

    def _revive(self, keys: Sequence[QueueKey]) -> None:
        for key in keys:
            for waiting in self._queues[key].values():
                waiting.retry_at_s = 0.0
            self._wake(key)
