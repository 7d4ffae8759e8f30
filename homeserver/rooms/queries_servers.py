"""SQL for what servers of a room may have."""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction


def senders_citing(tx: Transaction, event_ids: Collection[str]) -> list[str]:
    """Who sent the events that have one of these among their `prev_events`."""
    rows = tx.all_in(
        """SELECT DISTINCT e.sender FROM event_edges g JOIN events e ON e.event_nid = g.event_nid
           WHERE g.prev_event_id IN :ids""",
        ids=list(event_ids),
    )
    return [row[0] for row in rows]


def joined_by_server(tx: Transaction, room_nid: int) -> dict[str, int]:
    """Server to the number of its users in a room."""
    rows = tx.all(
        """SELECT server_name, COUNT(*) FROM memberships WHERE room_nid = :room AND membership = 'join'
           GROUP BY server_name""",
        room=room_nid,
    )
    return dict(rows)
