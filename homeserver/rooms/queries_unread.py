"""SQL for where users are in rooms, and for the running counters of what notifies."""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction
from homeserver.rooms.records import Counters, EventPlace, InThread, ReadPlace

#: Of the rows published at one position, the last event is the one with the largest number.
_LAST = "ORDER BY position DESC, event_nid DESC LIMIT 1"


def find_place(tx: Transaction, room_nid: int, event_id: str) -> EventPlace | None:
    """Where an event is in a room's history."""
    row = tx.find(
        """SELECT event_nid, depth, position, thread_id, redacted_by FROM events
           WHERE event_id = :event_id AND room_nid = :room AND position IS NOT NULL""",
        event_id=event_id,
        room=room_nid,
    )
    return None if row is None else EventPlace(row[0], row[1], row[2], row[3], row[4] is not None)


def find_in_thread(tx: Transaction, room_nid: int, event_id: str) -> InThread | None:
    """An accepted event of a room, with its thread."""
    row = tx.find(
        """SELECT event_nid, thread_id, redacted_by FROM events
           WHERE event_id = :event_id AND room_nid = :room AND status = 0 AND state_after IS NOT NULL""",
        event_id=event_id,
        room=room_nid,
    )
    return None if row is None else InThread(row[0], row[1], row[2] is not None)


def latest_counters(tx: Transaction, room_nid: int) -> Counters:
    """The main timeline's counters now."""
    row = tx.find(
        f"""SELECT notifying, highlighting FROM events
            WHERE room_nid = :room AND position > 0 AND notifying IS NOT NULL {_LAST}""",  # noqa: S608
        room=room_nid,
    )
    return Counters(0, 0) if row is None else Counters(row[0], row[1])


def counters_at(tx: Transaction, room_nid: int, place: ReadPlace) -> Counters:
    """The main timeline's counters at a place."""
    row = tx.find(
        f"""SELECT notifying, highlighting FROM events
            WHERE room_nid = :room AND position > 0 AND (position, event_nid) <= (:position, :nid)
                AND notifying IS NOT NULL {_LAST}""",  # noqa: S608
        room=room_nid,
        position=place.position,
        nid=place.event_nid,
    )
    return Counters(0, 0) if row is None else Counters(row[0], row[1])


def latest_of_thread(tx: Transaction, room_nid: int, thread_id: str) -> Counters:
    """A thread's counters now."""
    row = tx.find(
        "SELECT notifying, highlighting FROM room_threads WHERE room_nid = :room AND thread_id = :thread",
        room=room_nid,
        thread=thread_id,
    )
    return Counters(0, 0) if row is None else Counters(row[0], row[1])


def thread_counters_at(tx: Transaction, room_nid: int, thread_id: str, place: ReadPlace) -> Counters:
    """A thread's counters at a place."""
    row = tx.find(
        f"""SELECT thread_notifying, thread_highlighting FROM events
            WHERE room_nid = :room AND thread_id = :thread AND (position, event_nid) <= (:position, :nid)
                AND thread_notifying IS NOT NULL {_LAST}""",  # noqa: S608
        room=room_nid,
        thread=thread_id,
        position=place.position,
        nid=place.event_nid,
    )
    return Counters(0, 0) if row is None else Counters(row[0], row[1])


def write_thread(tx: Transaction, room_nid: int, thread_id: str, position: int, counters: Counters) -> None:
    """Set a thread's counters."""
    tx.run(
        """INSERT INTO room_threads (room_nid, thread_id, position, notifying, highlighting)
           VALUES (:room, :thread, :position, :notifying, :highlighting)
           ON CONFLICT (room_nid, thread_id) DO UPDATE SET position = excluded.position,
               notifying = excluded.notifying, highlighting = excluded.highlighting""",
        room=room_nid,
        thread=thread_id,
        position=position,
        notifying=counters.notifying,
        highlighting=counters.highlighting,
    )


def threads_since(tx: Transaction, room_nid: int, position: int) -> dict[str, Counters]:
    """The threads with events after a position, and their counters now."""
    rows = tx.all(
        """SELECT thread_id, notifying, highlighting FROM room_threads
           WHERE room_nid = :room AND position > :position ORDER BY position""",
        room=room_nid,
        position=position,
    )
    return {row[0]: Counters(row[1], row[2]) for row in rows}


def joined_at(tx: Transaction, room_nid: int, user_id: str) -> int:
    """The position at which a user who is joined became so; 0 for others."""
    value = tx.value(
        "SELECT position FROM memberships WHERE user_id = :user AND room_nid = :room AND membership = 'join'",
        user=user_id,
        room=room_nid,
    )
    return 0 if value is None else int(value)


def joined_of_server(tx: Transaction, room_nid: int, server_name: str) -> list[str]:
    """The users of a server who are joined."""
    rows = tx.all(
        """SELECT user_id FROM memberships
           WHERE room_nid = :room AND membership = 'join' AND server_name = :server""",
        room=room_nid,
        server=server_name,
    )
    return [row[0] for row in rows]


def joined_among(tx: Transaction, room_nid: int, user_ids: Collection[str]) -> set[str]:
    """Those of the users who are joined."""
    rows = tx.all_in(
        "SELECT user_id FROM memberships WHERE room_nid = :room AND membership = 'join' AND user_id IN :users",
        room=room_nid,
        users=list(user_ids),
    )
    return {row[0] for row in rows}


def joined_rooms(tx: Transaction, user_id: str) -> dict[int, str]:
    """Room number to room id of the rooms a user is joined to."""
    rows = tx.all(
        """SELECT m.room_nid, r.room_id FROM memberships m JOIN rooms r ON r.room_nid = m.room_nid
           WHERE m.user_id = :user AND m.membership = 'join'""",
        user=user_id,
    )
    return {row[0]: row[1] for row in rows}


def room_nids(tx: Transaction, room_ids: Collection[str]) -> dict[int, str]:
    """Room number to room id."""
    rows = tx.all_in("SELECT room_nid, room_id FROM rooms WHERE room_id IN :ids", ids=list(room_ids))
    return {row[0]: row[1] for row in rows}
