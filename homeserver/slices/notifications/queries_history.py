"""SQL for what notified a user: the events of their rooms, newest first."""

from __future__ import annotations

from typing import NamedTuple

from homeserver.database import Transaction
from homeserver.rooms.records import ReadPlace


class Past(NamedTuple):
    """An event that came to a room at a position."""

    place: ReadPlace
    room_nid: int
    thread_id: str | None


def events_between(tx: Transaction, user_id: str, after: int, before: ReadPlace) -> list[Past]:
    """What came to a user's rooms, while they were in them, after a position and before a place, the newest first."""
    rows = tx.all(
        """SELECT e.position, e.event_nid, e.room_nid, e.thread_id
           FROM memberships m JOIN events e ON e.room_nid = m.room_nid AND e.position > :after AND e.position <= :upto
           WHERE m.user_id = :user AND m.membership = 'join' AND e.position >= m.position AND e.sender <> :user
               AND e.redacted_by IS NULL AND e.notifying IS NOT NULL
           ORDER BY e.position DESC, e.event_nid DESC""",
        user=user_id,
        after=after,
        upto=before.position,
    )
    return [Past(ReadPlace(row[0], row[1]), row[2], row[3]) for row in rows if (row[0], row[1]) < before]


def first_join(tx: Transaction, user_id: str) -> int | None:
    """The position of the first of the joins to the rooms a user is in; None where they are in none."""
    value = tx.value(
        "SELECT MIN(position) FROM memberships WHERE user_id = :user AND membership = 'join'", user=user_id
    )
    return None if value is None else int(value)


def last_position(tx: Transaction, user_id: str) -> int:
    """The position of the last event of a user's rooms; 0 where there is none."""
    value = tx.value(
        """SELECT MAX((SELECT MAX(e.position) FROM events e WHERE e.room_nid = m.room_nid))
           FROM memberships m WHERE m.user_id = :user AND m.membership = 'join'""",
        user=user_id,
    )
    return int(value or 0)
