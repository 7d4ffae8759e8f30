"""What one pusher is still to be told, in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from homeserver.clock import Timer
from homeserver.rooms.records import ReadPlace
from homeserver.slices.push.deciding import Missed
from homeserver.slices.push.records import Due

MOST_PENDING = 50


@dataclass(slots=True)
class PusherQueue:
    """`handled`: all up to there was told. `pending`: what comes next, all of it unless `is_behind`: then there is more
    in the database. `wants_badge`: how much is unread may have changed without anything new."""

    pusher_nid: int
    handled: ReadPlace
    pending: deque[Due] = field(default_factory=deque)
    is_behind: bool = False
    wants_badge: bool = False
    is_running: bool = False
    timer: Timer | None = None
    _is_missing: bool = False

    def add(self, due: Due) -> None:
        """Something new; more than a few are left in the database."""
        last = self.pending[-1].place if self.pending else self.handled
        if self.is_behind:
            self._is_missing = True
        elif due.place > last:
            if len(self.pending) >= MOST_PENDING:
                self.is_behind = True
            else:
                self.pending.append(due)

    def fall_behind(self) -> None:
        """There is something that nobody has looked at."""
        self.is_behind = self._is_missing = True

    def begin_reading(self) -> None:
        """What comes from now on may be missing in what is read."""
        self._is_missing = False

    def take(self, missed: Missed) -> None:
        """What was read of all after `handled`."""
        self.pending.extend(due for due in missed.due if due.place > self.handled)
        if not self.pending:
            self.handled = max(self.handled, missed.upto)
        self.is_behind = self._is_missing or not missed.is_all

    def finish(self, place: ReadPlace) -> None:
        """The first was told, or is not to be."""
        if self.pending and self.pending[0].place <= place:
            self.pending.popleft()
        self.handled = max(self.handled, place)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to be told."""
        return not (self.pending or self.is_behind or self.wants_badge)

    def set_timer(self, timer: Timer | None) -> None:
        """Go on then, and not at another time."""
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        self.timer = timer
