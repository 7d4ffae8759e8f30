"""SQL for verdicts on events that become other ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.database import Transaction


def rejected_after(tx: Transaction, room_nid: int, event_nid: int, limit: int) -> list[int]:
    """The last rejected events of a room that were stored after one: what cites an event comes after it."""
    rows = tx.all(
        """SELECT event_nid FROM events WHERE room_nid = :room AND status = 2 AND event_nid > :nid
           ORDER BY event_nid DESC LIMIT :limit""",
        room=room_nid,
        nid=event_nid,
        limit=limit,
    )
    return [row[0] for row in rows]


def accepted_after(tx: Transaction, room_nid: int, event_nid: int, limit: int) -> list[int]:
    """The first events of a room that were stored after one and are not rejected."""
    rows = tx.all(
        """SELECT event_nid FROM events WHERE event_nid > :nid AND room_nid = :room AND status < 2
           ORDER BY event_nid LIMIT :limit""",
        room=room_nid,
        nid=event_nid,
        limit=limit,
    )
    return [row[0] for row in rows]


def following(tx: Transaction, event_id: str) -> list[int]:
    """The events that come right after one."""
    rows = tx.all("SELECT event_nid FROM event_edges WHERE prev_event_id = :event_id", event_id=event_id)
    return [row[0] for row in rows]


def rejected_following(tx: Transaction, event_id: str) -> list[int]:
    """Those of them that are rejected."""
    rows = tx.all(
        """SELECT e.event_nid FROM event_edges g JOIN events e ON e.event_nid = g.event_nid
           WHERE g.prev_event_id = :event_id AND e.status = 2""",
        event_id=event_id,
    )
    return [row[0] for row in rows]


def set_status(tx: Transaction, event_nid: int, status: int) -> None:
    """Another verdict on an event that has no place."""
    tx.run("UPDATE events SET status = :status WHERE event_nid = :nid", status=status, nid=event_nid)


def move_place(tx: Transaction, event_nid: int, row: Mapping[str, Any]) -> None:
    """Another state before and after an event: status, position, state_before, state_after, replaces_nid."""
    tx.run(
        """UPDATE events SET status = :status, position = :position, state_before = :state_before,
               state_after = :state_after, replaces_nid = :replaces_nid WHERE event_nid = :nid""",
        nid=event_nid,
        **row,
    )


def is_redacted(tx: Transaction, event_nid: int) -> bool:
    """Whether a redaction has taken an event's content away."""
    return tx.value("SELECT redacted_by FROM events WHERE event_nid = :nid", nid=event_nid) is not None


def restore_pdu(tx: Transaction, event_nid: int, pdu: bytes) -> None:
    """Keep an event with its content in place of its redacted form."""
    tx.run("UPDATE events SET pdu = :pdu WHERE event_nid = :nid", pdu=pdu, nid=event_nid)
