"""Which changes of a shared database this process has read, by the writer after its commits and by the listener."""

from __future__ import annotations

from threading import Lock

from homeserver.database import bookkeeping
from homeserver.database.engine import Connection
from homeserver.database.feed import Change


class SeenChanges:
    """Hands each committed change out once. Since the position's row lock orders commits, all below a visible
    position is visible too."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._position = 0

    def begin_at(self, position: int) -> None:
        """What was committed up to here is not handed out."""
        self._position = position

    def catch_up(self, connection: Connection, position: int) -> list[Change]:
        """The changes up to (at least) a position that nobody took yet, those of other processes among them."""
        with self._lock:
            changes = bookkeeping.changes_after(connection, self._position)
            if changes:
                self._position = max(position, changes[-1].position)
            elif position > self._position:
                self._position = position
            return changes
