"""SQL for what pushers may have to be told."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from homeserver.database import Transaction


class Candidate(NamedTuple):
    """An event of a room, or an invite, that came at a position. `thread_id`: its root, None in the main timeline."""

    position: int
    event_nid: int
    room_nid: int
    thread_id: str | None
    is_invite: bool = False


def events_of_room(tx: Transaction, room_nid: int, first: int, last: int) -> list[Candidate]:
    """What came to a room between two positions, both included, and is not redacted."""
    rows = tx.all(
        """SELECT position, event_nid, room_nid, thread_id FROM events
           WHERE room_nid = :room AND position >= :first AND position <= :last AND redacted_by IS NULL
               AND notifying IS NOT NULL ORDER BY position, event_nid""",
        room=room_nid,
        first=first,
        last=last,
    )
    return [Candidate(*row) for row in rows]


def events_for(tx: Transaction, user_id: str, position: int, limit: int) -> list[Candidate]:
    """What came to a user's rooms from a position on, while they were in them, in order."""
    rows = tx.all(
        """SELECT e.position, e.event_nid, e.room_nid, e.thread_id
           FROM memberships m JOIN events e ON e.room_nid = m.room_nid AND e.position >= :position
           WHERE m.user_id = :user AND m.membership = 'join' AND e.position >= m.position AND e.sender <> :user
               AND e.redacted_by IS NULL AND e.notifying IS NOT NULL
           ORDER BY e.position, e.event_nid LIMIT :limit""",
        user=user_id,
        position=position,
        limit=limit,
    )
    return [Candidate(*row) for row in rows]


def invites_for(tx: Transaction, user_id: str, position: int) -> list[Candidate]:
    """The invites that came to a user from a position on and are still open, in order."""
    rows = tx.all(
        """SELECT position, event_nid, room_nid FROM memberships
           WHERE user_id = :user AND membership = 'invite' AND position >= :position ORDER BY position, event_nid""",
        user=user_id,
        position=position,
    )
    return [Candidate(row[0], row[1], row[2], None, True) for row in rows]


def open_invites(tx: Transaction, user_id: str) -> list[int]:
    """The numbers of the events of a user's open invites."""
    rows = tx.all("SELECT event_nid FROM memberships WHERE user_id = :user AND membership = 'invite'", user=user_id)
    return [row[0] for row in rows]


def is_redacted(tx: Transaction, event_nid: int) -> bool:
    """Whether an event was redacted."""
    return tx.value("SELECT redacted_by FROM events WHERE event_nid = :nid", nid=event_nid) is not None


def joined_with_pushers(tx: Transaction, room_nid: int, server_name: str) -> dict[str, int]:
    """The users in a room who have pushers, and since which position they are in it."""
    rows = tx.all(
        """SELECT m.user_id, m.position FROM memberships m
           WHERE m.room_nid = :room AND m.membership = 'join' AND m.server_name = :server
               AND EXISTS (SELECT 1 FROM pushers p WHERE p.user_id = m.user_id AND p.enabled = 1)""",
        room=room_nid,
        server=server_name,
    )
    return {row[0]: row[1] for row in rows}


def joined_among(tx: Transaction, room_nid: int, user_ids: Collection[str]) -> dict[str, int]:
    """Those of some users who are in a room, and since which position."""
    rows = tx.all_in(
        """SELECT user_id, position FROM memberships
           WHERE room_nid = :room AND membership = 'join' AND user_id IN :users""",
        room=room_nid,
        users=list(user_ids),
    )
    return {row[0]: row[1] for row in rows}
