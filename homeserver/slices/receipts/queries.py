"""SQL for receipts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from homeserver.database import Transaction

Row = tuple[int, str, str, str, str, int]
"""room_nid, user_id, receipt_type, thread_id, event_id, read_ts"""


def find_place(tx: Transaction, key: dict[str, Any]) -> tuple[int, int] | None:
    """(depth, event number) of the event a receipt points at; key: room_nid, user_id, receipt_type, thread_id."""
    row = tx.find(
        """SELECT depth, event_nid FROM receipts WHERE room_nid = :room_nid AND user_id = :user_id
               AND receipt_type = :receipt_type AND thread_id = :thread_id""",
        **key,
    )
    return None if row is None else (row[0], row[1])


def write_receipt(tx: Transaction, row: dict[str, Any]) -> None:
    """Set a receipt."""
    tx.run(
        """INSERT INTO receipts (room_nid, user_id, receipt_type, thread_id, event_id, depth, event_nid,
               read_ts, position)
           VALUES (:room_nid, :user_id, :receipt_type, :thread_id, :event_id, :depth, :event_nid, :read_ts, :position)
           ON CONFLICT (room_nid, user_id, receipt_type, thread_id) DO UPDATE SET event_id = excluded.event_id,
               depth = excluded.depth, event_nid = excluded.event_nid, read_ts = excluded.read_ts,
               position = excluded.position""",
        **row,
    )


def receipts_between(tx: Transaction, room_nids: Collection[int], since: int, upto: int) -> list[Row]:
    """The receipts of rooms that changed in (since, upto]."""
    rows = tx.all_in(
        """SELECT room_nid, user_id, receipt_type, thread_id, event_id, read_ts FROM receipts
           WHERE room_nid IN :rooms AND position > :since AND position <= :upto""",
        rooms=list(room_nids),
        since=since,
        upto=upto,
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def receipts_at(tx: Transaction, room_nid: int, event_ids: Collection[str], upto: int) -> list[Row]:
    """The receipts of a room that are at some events, as of a position."""
    rows = tx.all_in(
        """SELECT room_nid, user_id, receipt_type, thread_id, event_id, read_ts FROM receipts
           WHERE room_nid = :room AND position <= :upto AND event_id IN :events""",
        room=room_nid,
        upto=upto,
        events=list(event_ids),
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def receipts_of(tx: Transaction, room_nid: int, user_id: str, upto: int) -> list[Row]:
    """The receipts of one user in a room, as of a position."""
    rows = tx.all(
        """SELECT room_nid, user_id, receipt_type, thread_id, event_id, read_ts FROM receipts
           WHERE room_nid = :room AND user_id = :user AND position <= :upto""",
        room=room_nid,
        user=user_id,
        upto=upto,
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]
