"""SQL for pieces of state whose signatures could not be checked when they came."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from homeserver.database import Transaction
from homeserver.rooms.records import Unchecked


def add(tx: Transaction, room_nid: int, snapshot_nid: int, unchecked: Iterable[Unchecked]) -> None:
    """Keep them."""
    tx.run_many(
        """INSERT INTO unchecked_state (room_nid, event_id, snapshot_nid, type, state_key, pdu)
           VALUES (:room, :event_id, :snapshot, :type, :state_key, :pdu) ON CONFLICT DO NOTHING""",
        [
            {
                "room": room_nid,
                "event_id": one.event_id,
                "snapshot": snapshot_nid,
                "type": one.key[0] if one.key else None,
                "state_key": one.key[1] if one.key else None,
                "pdu": one.pdu,
            }
            for one in unchecked
        ],
    )


def rooms(tx: Transaction) -> list[int]:
    """The rooms that have any."""
    return [row[0] for row in tx.all("SELECT DISTINCT room_nid FROM unchecked_state")]


def of_room(tx: Transaction, room_nid: int) -> list[tuple[int, Unchecked]]:
    """(snapshot they belong to, what is kept) of a room."""
    rows = tx.all(
        "SELECT snapshot_nid, event_id, type, state_key, pdu FROM unchecked_state WHERE room_nid = :room", room=room_nid
    )
    return [(row[0], Unchecked(row[1], None if row[2] is None else (row[2], row[3]), bytes(row[4]))) for row in rows]


def delete(tx: Transaction, room_nid: int, event_ids: Collection[str]) -> None:
    """These are checked, or never will be."""
    tx.run_many(
        "DELETE FROM unchecked_state WHERE room_nid = :room AND event_id = :event_id",
        [{"room": room_nid, "event_id": event_id} for event_id in event_ids],
    )


def delete_room(tx: Transaction, room_nid: int) -> None:
    """The room is joined anew, or left."""
    tx.run("DELETE FROM unchecked_state WHERE room_nid = :room", room=room_nid)


def count_entries(tx: Transaction, snapshot_nid: int) -> int:
    """How many entries a snapshot has of its own."""
    return int(tx.value("SELECT COUNT(*) FROM state_deltas WHERE snapshot_nid = :nid", nid=snapshot_nid))
