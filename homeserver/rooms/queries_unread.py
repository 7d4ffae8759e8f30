"""SQL for where users are in rooms, and for what they have not read."""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction
from homeserver.rooms.records import EventPlace


def find_place(tx: Transaction, room_nid: int, event_id: str) -> EventPlace | None:
    """Where an event is in a room's history."""
    row = tx.find(
        """SELECT event_nid, depth, position FROM events
           WHERE event_id = :event_id AND room_nid = :room AND position IS NOT NULL""",
        event_id=event_id,
        room=room_nid,
    )
    return None if row is None else EventPlace(*row)


def joined_at(tx: Transaction, room_nid: int, user_id: str) -> int:
    """The position at which a user who is joined became so; 0 for others."""
    value = tx.value(
        "SELECT position FROM memberships WHERE user_id = :user AND room_nid = :room AND membership = 'join'",
        user=user_id,
        room=room_nid,
    )
    return 0 if value is None else int(value)


def count_notifying(tx: Transaction, room_nid: int, after: int, user_id: str) -> tuple[int, int]:
    """(messages, mentions) of others after a position."""
    messages = tx.value(
        """SELECT COUNT(*) FROM events WHERE room_nid = :room AND position > :after AND sender <> :user
               AND type IN ('m.room.message', 'm.room.encrypted')""",
        room=room_nid,
        after=after,
        user=user_id,
    )
    return int(messages), 0


def room_nids(tx: Transaction, room_ids: Collection[str]) -> dict[int, str]:
    """Room number to room id."""
    rows = tx.all_in("SELECT room_nid, room_id FROM rooms WHERE room_id IN :ids", ids=list(room_ids))
    return {row[0]: row[1] for row in rows}
