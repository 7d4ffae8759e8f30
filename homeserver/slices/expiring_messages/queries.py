"""SQL for messages that are to expire."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.database import Transaction


@dataclass(frozen=True, slots=True)
class Expiring:
    """A message, and when it is to expire."""

    event_nid: int
    room_id: str
    due_ts: int


def insert_message(tx: Transaction, message: Expiring) -> None:
    """Note one; once."""
    tx.run(
        """INSERT INTO expiring_messages (event_nid, room_id, due_ts) VALUES (:nid, :room, :due)
           ON CONFLICT (event_nid) DO NOTHING""",
        nid=message.event_nid,
        room=message.room_id,
        due=message.due_ts,
    )


def find_next(tx: Transaction) -> Expiring | None:
    """The one that is due first."""
    row = tx.find("SELECT event_nid, room_id, due_ts FROM expiring_messages ORDER BY due_ts, event_nid LIMIT 1")
    return None if row is None else Expiring(*row)


def delete_message(tx: Transaction, event_nid: int) -> bool:
    """It is over; False where it was before."""
    return tx.run("DELETE FROM expiring_messages WHERE event_nid = :nid", nid=event_nid) == 1
