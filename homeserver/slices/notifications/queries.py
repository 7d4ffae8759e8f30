"""SQL for read places and exceptions."""

from __future__ import annotations

from collections.abc import Iterable

from homeserver.database import Transaction
from homeserver.protocol.push_evaluation import Figure
from homeserver.rooms.records import Counters, ReadPlace
from homeserver.slices.notifications.records import (
    ALL_THREADS,
    EVERYTHING,
    NEVER,
    Mark,
    Named,
    UnreadException,
)


def marks_of(tx: Transaction, user_id: str, room_nid: int) -> dict[str, Mark]:
    """Thread id, or what stands in its place, to where the user is."""
    rows = tx.all(
        """SELECT thread_id, position, event_nid, notifying, highlighting FROM read_places
           WHERE user_id = :user AND room_nid = :room""",
        user=user_id,
        room=room_nid,
    )
    return {row[0]: Mark(ReadPlace(row[1], row[2]), Counters(row[3], row[4])) for row in rows}


def move_mark(tx: Transaction, user_id: str, room_nid: int, thread_id: str, mark: Mark) -> None:
    """Set a mark, unless it would move back."""
    tx.run(
        """INSERT INTO read_places (user_id, room_nid, thread_id, position, event_nid, notifying, highlighting)
           VALUES (:user, :room, :thread, :position, :nid, :notifying, :highlighting)
           ON CONFLICT (user_id, room_nid, thread_id) DO UPDATE SET position = excluded.position,
               event_nid = excluded.event_nid, notifying = excluded.notifying, highlighting = excluded.highlighting
           WHERE (excluded.position, excluded.event_nid) > (read_places.position, read_places.event_nid)""",
        user=user_id,
        room=room_nid,
        thread=thread_id,
        position=mark.place.position,
        nid=mark.place.event_nid,
        notifying=mark.counters.notifying,
        highlighting=mark.counters.highlighting,
    )


def delete_mark(tx: Transaction, user_id: str, room_nid: int, thread_id: str) -> None:
    """Remove a mark, so that it may move back."""
    tx.run(
        "DELETE FROM read_places WHERE user_id = :user AND room_nid = :room AND thread_id = :thread",
        user=user_id,
        room=room_nid,
        thread=thread_id,
    )


def delete_marks_upto(tx: Transaction, user_id: str, room_nid: int, place: ReadPlace) -> None:
    """Remove the marks that say no more than one that everything up to a place is read."""
    tx.run(
        """DELETE FROM read_places WHERE user_id = :user AND room_nid = :room AND thread_id <> :everything
               AND (position, event_nid) <= (:position, :nid)""",
        user=user_id,
        room=room_nid,
        everything=EVERYTHING,
        position=place.position,
        nid=place.event_nid,
    )


def delete_thread_marks(tx: Transaction, user_id: str, room_nid: int) -> None:
    """Remove the marks of single threads: all of them are read."""
    tx.run(
        "DELETE FROM read_places WHERE user_id = :user AND room_nid = :room AND thread_id LIKE '$%'",
        user=user_id,
        room=room_nid,
    )


def users_uncounted(tx: Transaction, room_nid: int) -> set[str]:
    """The users for whom events of the room do not count by the predefined rules."""
    rows = tx.all(
        "SELECT user_id FROM read_places WHERE room_nid = :room AND thread_id = '-' AND position = :never",
        room=room_nid,
        never=NEVER.position,
    )
    return {row[0] for row in rows}


def insert_exceptions(tx: Transaction, exceptions: Iterable[UnreadException]) -> None:
    """Add exceptions; one that is there already stays as it is."""
    tx.run_many(
        """INSERT INTO unread_exceptions (room_nid, user_id, position, event_nid, thread_id, notify, highlight,
               base_notify, base_highlight)
           VALUES (:room, :user, :position, :nid, :thread, :notify, :highlight, :base_notify, :base_highlight)
           ON CONFLICT DO NOTHING""",
        [
            {
                "room": one.event.room_nid,
                "user": one.user_id,
                "position": one.event.place.position,
                "nid": one.event.place.event_nid,
                "thread": one.event.thread_id,
                "notify": int(one.figure.notify),
                "highlight": int(one.figure.highlight),
                "base_notify": int(one.usual.notify),
                "base_highlight": int(one.usual.highlight),
            }
            for one in exceptions
        ],
    )


def exceptions_after(tx: Transaction, room_nid: int, user_id: str, position: int) -> list[UnreadException]:
    """The exceptions for a user and for everybody, from a position on."""
    rows = tx.all(
        """SELECT user_id, position, event_nid, thread_id, notify, highlight, base_notify, base_highlight
           FROM unread_exceptions WHERE room_nid = :room AND user_id IN ('', :user) AND position >= :position""",
        room=room_nid,
        user=user_id,
        position=position,
    )
    return [
        UnreadException(
            row[0],
            Named(room_nid, row[3], ReadPlace(row[1], row[2])),
            Figure(bool(row[4]), bool(row[5])),
            Figure(bool(row[6]), bool(row[7])),
        )
        for row in rows
    ]


def delete_exceptions_upto(
    tx: Transaction, user_id: str, room_nid: int, thread_id: str | None, place: ReadPlace
) -> None:
    """What is read counts no more; `thread_id` None: in all timelines."""
    tx.run(
        """DELETE FROM unread_exceptions WHERE room_nid = :room AND user_id = :user
               AND (position, event_nid) <= (:position, :nid) AND (:anywhere = 1 OR thread_id = :thread)""",
        user=user_id,
        room=room_nid,
        position=place.position,
        nid=place.event_nid,
        anywhere=int(thread_id is None),
        thread=thread_id or "",
    )


def delete_exceptions_of(tx: Transaction, event_nid: int) -> None:
    """The event is redacted."""
    tx.run("DELETE FROM unread_exceptions WHERE event_nid = :nid AND user_id <> ''", nid=event_nid)


def delete_all_of(tx: Transaction, user_id: str, room_nid: int) -> None:
    """The user has left the room, or begins anew in it."""
    for table in ("read_places", "unread_exceptions"):
        tx.run(f"DELETE FROM {table} WHERE user_id = :user AND room_nid = :room", user=user_id, room=room_nid)  # noqa: S608


def delete_read_exceptions(tx: Transaction) -> None:
    """Delete the exceptions that users have read past, also by sending."""
    tx.run(
        """DELETE FROM unread_exceptions WHERE user_id <> '' AND EXISTS (
               SELECT 1 FROM read_places p
               WHERE p.user_id = unread_exceptions.user_id AND p.room_nid = unread_exceptions.room_nid
                   AND (p.thread_id = :everything OR p.thread_id = unread_exceptions.thread_id
                       OR (p.thread_id = :threads AND unread_exceptions.thread_id <> 'main'))
                   AND (p.position, p.event_nid) >= (unread_exceptions.position, unread_exceptions.event_nid))""",
        everything=EVERYTHING,
        threads=ALL_THREADS,
    )
