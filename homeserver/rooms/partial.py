"""Rooms whose members are not all known yet, since they were joined without them: which these are, and waiting for it.

https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid (`omit_members`)
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted.internet.defer import Deferred

from homeserver.clock import Clock
from homeserver.database import Change, Database, Transaction
from homeserver.protocol.errors import MatrixError
from homeserver.rooms import queries_partial
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.queries_partial import PartialRoom

TOPIC = "partial"
_BEGUN, _COMPLETE, _GONE = "begun", "complete", "gone"

WAIT_S = 60.0
"""So long a client waits for the members of a room; then it is told to ask again."""


class PartialRooms:
    """Knows them in memory. Used on the reactor thread; the plain reads also within transactions."""

    def __init__(self, database: Database, parts: RoomParts, reactor: Clock) -> None:
        self._database = database
        self._parts = parts
        self._reactor = reactor
        self._completed_at: dict[int, int | None] = {}
        self._waiting: dict[int, list[Deferred[bool]]] = {}
        database.feed.subscribe(TOPIC, self._changed)

    async def start(self) -> None:
        """Look which rooms these are."""
        for row in await self._database.read(queries_partial.all_partial):
            self._completed_at[row.room_nid] = row.completed_at

    def is_partial(self, room_nid: int) -> bool:
        """Whether members of a room are not known yet."""
        return room_nid in self._completed_at and self._completed_at[room_nid] is None

    def is_whole_at(self, room_nid: int, position: int) -> bool:
        """Whether all members of a room were known at a position."""
        completed_at = self._completed_at.get(room_nid, 0)
        return completed_at is not None and completed_at <= position

    def is_completed_since(self, room_nid: int, position: int) -> bool:
        """Whether the members of a room became known after a position."""
        return (self._completed_at.get(room_nid) or 0) > position

    async def wait(self, room_nid: int) -> None:
        """Wait until all members of a room are known; 504 where that takes too long."""
        if not await self.is_whole_within(room_nid, WAIT_S):
            raise MatrixError(
                504, "M_UNKNOWN", "The members of the room are still being fetched; try again in a while."
            )

    async def is_whole_within(self, room_nid: int, most_s: float) -> bool:
        """Wait for the members of a room, so long at most; whether all are known, or it is no longer waited for."""
        if not self.is_partial(room_nid):
            return True
        waiting: Deferred[bool] = Deferred()
        self._waiting.setdefault(room_nid, []).append(waiting)
        timer = self._reactor.callLater(most_s, self._give_up, room_nid, waiting)
        try:
            return await waiting
        finally:
            if timer.active():
                timer.cancel()

    def _give_up(self, room_nid: int, waiting: Deferred[bool]) -> None:
        self._waiting[room_nid].remove(waiting)
        waiting.callback(False)

    def _changed(self, changes: Iterable[Change]) -> None:
        for change in changes:
            room_nid, what, root_nid = change.key.split(" ")
            self._take(int(room_nid), what, int(root_nid), change.position)

    def _take(self, room_nid: int, what: str, root_nid: int, position: int) -> None:
        if what == _BEGUN:
            self._completed_at[room_nid] = None
            return
        if what == _COMPLETE:
            self._completed_at[room_nid] = position
            if self._parts.snapshots.complete(root_nid):
                self._parts.resolver.forget()
        else:
            self._completed_at.pop(room_nid, None)
        for waiting in self._waiting.pop(room_nid, ()):
            waiting.callback(True)


def publish_begun(tx: Transaction, row: PartialRoom) -> None:
    """A room is joined without its members."""
    tx.publish(TOPIC, f"{row.room_nid} {_BEGUN} {row.root_nid}")


def publish_complete(tx: Transaction, row: PartialRoom) -> int:
    """The members of a room are known; the position of that."""
    return tx.publish(TOPIC, f"{row.room_nid} {_COMPLETE} {row.root_nid}")


def forget_partial(tx: Transaction, room_nid: int) -> None:
    """Whether a room is whole matters no more: this server has left it, or joins it anew with all its members."""
    row = queries_partial.find_partial(tx, room_nid)
    if row is not None:
        queries_partial.delete_partial(tx, room_nid)
        tx.publish(TOPIC, f"{room_nid} {_GONE} {row.root_nid}")
