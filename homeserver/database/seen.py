"""Which changes this process was handed already, by the writer after its commits or by the listener."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

from homeserver.database import bookkeeping
from homeserver.database.engine import Connection
from homeserver.database.feed import Change

HandOver = Callable[[Sequence[Change], int], None]


class Published(NamedTuple):
    """What a batch published, and its positions."""

    first: int
    last: int
    changes: Sequence[Change]


class SeenChanges:
    """Hands each committed change over once, in order: it is handed over before the lock is given up, so two threads
    cannot overtake each other. Since the position's row lock orders commits, all below a visible position is visible
    too, and a batch whose first position follows what was seen has missed nothing."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.position = 0

    def begin_at(self, position: int) -> None:
        """What was committed up to here is not handed over."""
        self.position = position

    def take(self, connection: Connection, published: Published, hand_over: HandOver) -> None:
        """Hand over a batch that was just committed, and before it what other processes committed since."""
        with self._lock:
            changes = published.changes
            if published.last <= self.position:
                changes = ()
            elif published.first > self.position + 1:
                changes = bookkeeping.changes_after(connection, self.position)
            # The connection may see more than its own batch by now, committed by others.
            self.position = max(self.position, published.last, changes[-1].position if changes else 0)
            hand_over(changes, self.position)

    def catch_up(self, connection: Connection, hand_over: HandOver) -> None:
        """Hand over what was committed since, if anything was."""
        with self._lock:
            position = bookkeeping.read_position(connection)
            if position <= self.position:
                return
            changes = bookkeeping.changes_after(connection, self.position)
            self.position = max(position, changes[-1].position if changes else 0)
            hand_over(changes, self.position)
