"""Messages whose content says when it is to go: this server forgets it then, as if they were redacted.

https://github.com/matrix-org/matrix-spec-proposals/pull/2228
"""

from __future__ import annotations

from collections.abc import Callable

from homeserver.database import Database, Transaction
from homeserver.protocol.events import Event
from homeserver.rooms.kernel import RoomParts, room_lock
from homeserver.rooms.records import RoomRecord, StoredEvent
from homeserver.rooms.service import Rooms, wall_clock_ms
from homeserver.slices.expiring_messages import queries
from homeserver.slices.expiring_messages.queries import Expiring

#: A time in milliseconds since the epoch, in the content of any event that is neither state nor a redaction.
SELF_DESTRUCT_AFTER = "org.matrix.self_destruct_after"
TOPIC = "expiring_messages"
"""Published, with the room's id, where there is one more."""
_MOST_MS = 2**53 - 1


class ExpiringMessages:
    """`note_accepted` and `note_redacted` take part where rooms write events; `expire_next` is for a `DueWork`."""

    def __init__(
        self, database: Database, rooms: Rooms, parts: RoomParts, clock: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts
        self._clock = clock

    def note_accepted(self, tx: Transaction, room: RoomRecord, stored: StoredEvent) -> None:
        """A message may be one that is to expire."""
        due_ts = _due_ts(stored.event)
        if due_ts is not None:
            queries.insert_message(tx, Expiring(stored.event_nid, room.room_id, due_ts))
            tx.publish(TOPIC, room.room_id)

    def note_redacted(self, tx: Transaction, room: RoomRecord, target: StoredEvent) -> None:
        """Its content is gone already."""
        queries.delete_message(tx, target.event_nid)

    async def expire_next(self) -> int | None:
        """Let the next one expire, if its time has come. See `DueWork`."""
        message = await self._database.glance(queries.find_next)
        if message is None:
            return None
        wait_ms = message.due_ts - self._clock()
        if wait_ms > 0:
            return wait_ms
        room = await self._rooms.find_room(message.room_id)
        if room is None:
            await self._database.transact(queries.delete_message, message.event_nid)
        else:
            await self._database.transact(self._expire, room, message.event_nid, locks=(room_lock(room.room_nid),))
        return 0

    def _expire(self, tx: Transaction, room: RoomRecord, event_nid: int) -> None:
        if queries.delete_message(tx, event_nid):
            target = self._parts.loader.stored_by_nid(tx, [event_nid]).get(event_nid)
            if target is not None:
                self._parts.redactor.forget_content(tx, room, target)


def _due_ts(event: Event) -> int | None:
    """When an event is to expire; None for never."""
    due_ts = event.content.get(SELF_DESTRUCT_AFTER)
    if event.is_state or event.type == "m.room.redaction" or not isinstance(due_ts, int) or isinstance(due_ts, bool):
        return None
    return due_ts if 0 <= due_ts <= _MOST_MS else None
