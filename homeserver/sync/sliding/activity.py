"""When something last happened in rooms: any event, by which lists are sorted, and an event of the kinds that let
clients sort rooms themselves (`bump_stamp`).

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#activity-ordering
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from homeserver.database import ByteCache, Change, ChangeFeed, Transaction
from homeserver.rooms import queries_activity

#: `bump_stamp` in the proposal.
BUMPING_TYPES = (
    "m.room.create",
    "m.room.message",
    "m.room.encrypted",
    "m.sticker",
    "m.call.invite",
    "m.poll.start",
    "org.matrix.msc3381.poll.start",
    "m.beacon_info",
    "org.matrix.msc3672.beacon_info",
)
_BYTES = 250


class Activity:
    """Knows it by room number. Callable within a transaction."""

    def __init__(self, last: ByteCache[int, int], bumped: ByteCache[int, tuple[int, int]], feed: ChangeFeed) -> None:
        self._last = last
        # (up to where it was looked, the position found): a further look has only what came after.
        self._bumped = bumped
        # Of rooms in which something happened since this process began; whatever was read before that is too old.
        self._changed: dict[int, int] = {}
        feed.subscribe("room", self._note)

    def last_events(self, tx: Transaction, room_nids: Collection[int]) -> dict[int, int]:
        """Room number to the position of its last event; 0 for none."""
        found: dict[int, int] = {}
        missing = []
        for room_nid in room_nids:
            position = self._changed.get(room_nid) or self._last.get(room_nid)
            if position is None:
                missing.append(room_nid)
            else:
                found[room_nid] = position
        if missing:
            for room_nid, position in queries_activity.last_positions(tx, missing):
                found[room_nid] = position
                self._last.put(room_nid, position, _BYTES)
        return found

    def bump_stamp(self, tx: Transaction, room_nid: int, upto: int) -> int:
        """The position of the last event up to a position that counts as activity for people; 0 for none."""
        since, found = self._bumped.get(room_nid) or (0, 0)
        if since > upto:
            since, found = 0, 0
        newer = queries_activity.last_of_types(tx, room_nid, (since, upto), BUMPING_TYPES)
        found = found if newer is None else newer
        self._bumped.put(room_nid, (upto, found), _BYTES)
        return found

    def _note(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._changed[int(change.key)] = change.position
