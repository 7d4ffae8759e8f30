"""The state of a room as `/state` answers it, made once for each state of the room and each device that asks.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate
"""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Raw

from homeserver.database import ByteCache, Transaction
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.snapshots import Snapshots
from homeserver.rooms.views import EventList, EventViews, Viewer
from homeserver.rooms.visibility import Reader, Visibility


class StateAnswers:
    """Callable within a transaction. An answer is kept under all that it was made from: the state, what its reader may
    see of what it replaced, and how many redactions and completions of states there had been."""

    def __init__(
        self,
        made: ByteCache[Hashable, EventList],
        views: EventViews,
        snapshots: Snapshots,
        loader: EventLoader,
        visibility: Visibility,
    ) -> None:
        self._made = made
        self._views = views
        self._snapshots = snapshots
        self._loader = loader
        self._visibility = visibility

    def stamp(self) -> tuple[int, int]:
        """To be taken before the transaction: what changes from then on is not kept for what was."""
        return self._loader.redactions, self._snapshots.generation

    def get(self, tx: Transaction, viewer: Viewer, reader: Reader, snapshot_nid: int, stamp: tuple[int, int]) -> Raw:
        """A state that the reader may read, as a JSON array of events."""
        if self._visibility.erased_users(tx):
            # Whose erasure shows in it is not looked up each time.
            return self._make(tx, viewer, snapshot_nid).at(viewer.now_ms)
        key = (snapshot_nid, viewer.user_id, viewer.device_id, reader.is_joined, reader.has_forgotten, stamp)
        made = self._made.get(key)
        if made is None:
            made = self._make(tx, viewer, snapshot_nid)
            self._made.put(key, made, made.size_bytes)
        return made.at(viewer.now_ms)

    def _make(self, tx: Transaction, viewer: Viewer, snapshot_nid: int) -> EventList:
        return self._views.template(tx, viewer, list(self._snapshots.get(tx, snapshot_nid).values()))
