"""SQL for rooms, forward and backward extremities, and send transactions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from homeserver.database import Transaction
from homeserver.rooms.records import Tip


def find_room(tx: Transaction, room_id: str) -> tuple[int, str] | None:
    """(room_nid, version) of a known room."""
    row = tx.find("SELECT room_nid, version FROM rooms WHERE room_id = :room_id", room_id=room_id)
    return None if row is None else (row[0], row[1])


def room_by_nid(tx: Transaction, room_nid: int) -> tuple[str, str]:
    """(room_id, version) of a room's number."""
    row = tx.one("SELECT room_id, version FROM rooms WHERE room_nid = :room_nid", room_nid=room_nid)
    return row[0], row[1]


def insert_room(tx: Transaction, room_id: str, version: str) -> int:
    """Add a room; its number."""
    return int(
        tx.insert(
            "INSERT INTO rooms (room_id, version) VALUES (:room_id, :version) RETURNING room_nid",
            room_id=room_id,
            version=version,
        )
    )


def find_current_snapshot(tx: Transaction, room_nid: int) -> int | None:
    """The state snapshot after all forward extremities; None for a room known from outside only."""
    nid = tx.value("SELECT current_snapshot FROM rooms WHERE room_nid = :room_nid", room_nid=room_nid)
    return None if nid is None else int(nid)


def set_current_snapshot(tx: Transaction, room_nid: int, snapshot_nid: int) -> None:
    """Record the resolved current state."""
    tx.run(
        "UPDATE rooms SET current_snapshot = :snapshot_nid WHERE room_nid = :room_nid",
        snapshot_nid=snapshot_nid,
        room_nid=room_nid,
    )


def tips(tx: Transaction, room_nid: int) -> list[Tip]:
    """The forward extremities of a room."""
    rows = tx.all(
        """SELECT f.event_nid, e.event_id, e.depth, e.state_after
           FROM forward_extremities f JOIN events e ON e.event_nid = f.event_nid
           WHERE f.room_nid = :room_nid ORDER BY f.event_nid""",
        room_nid=room_nid,
    )
    return [Tip(*row) for row in rows]


def replace_tips(tx: Transaction, room_nid: int, gone: Collection[int], new_nid: int | None) -> None:
    """Take the tips that `new_nid` refers to away and put it in their place."""
    if len(gone) == 1 and new_nid is not None:
        (old,) = gone
        tx.run(
            "UPDATE forward_extremities SET event_nid = :new WHERE room_nid = :room AND event_nid = :old",
            new=new_nid,
            room=room_nid,
            old=old,
        )
        return
    for nid in gone:
        tx.run(
            "DELETE FROM forward_extremities WHERE room_nid = :room AND event_nid = :nid",
            room=room_nid,
            nid=nid,
        )
    if new_nid is not None:
        tx.run(
            "INSERT INTO forward_extremities (room_nid, event_nid) VALUES (:room, :nid)",
            room=room_nid,
            nid=new_nid,
        )


def delete_tips(tx: Transaction, room_nid: int) -> None:
    """Forget all forward extremities: the room is joined anew."""
    tx.run("DELETE FROM forward_extremities WHERE room_nid = :room", room=room_nid)


def insert_gaps(tx: Transaction, room_nid: int, event_ids: Collection[str], depth: int) -> None:
    """Record events that others refer to and that are not here."""
    tx.run_many(
        """INSERT INTO backward_extremities (room_nid, event_id, depth) VALUES (:room, :event_id, :depth)
           ON CONFLICT DO NOTHING""",
        [{"room": room_nid, "event_id": event_id, "depth": depth} for event_id in event_ids],
    )


def insert_timeline_gap(tx: Transaction, room_nid: int, position: int) -> None:
    """Record that something before a live event is missing."""
    tx.run(
        "INSERT INTO timeline_gaps (room_nid, position) VALUES (:room, :position) ON CONFLICT DO NOTHING",
        room=room_nid,
        position=position,
    )


def find_timeline_gap(tx: Transaction, room_nid: int, since: int, upto: int) -> int | None:
    """The position of the last event in (since, upto] before which something was missing when it came."""
    position = tx.value(
        """SELECT MAX(position) FROM timeline_gaps
           WHERE room_nid = :room AND position > :since AND position <= :upto""",
        room=room_nid,
        since=since,
        upto=upto,
    )
    return None if position is None else int(position)


def delete_gap(tx: Transaction, room_nid: int, event_id: str) -> bool:
    """The event has arrived; whether others referred to it."""
    count = tx.run(
        "DELETE FROM backward_extremities WHERE room_nid = :room AND event_id = :event_id",
        room=room_nid,
        event_id=event_id,
    )
    return count > 0


def gaps(tx: Transaction, room_nid: int, depth: int | None = None) -> list[tuple[str, int]]:
    """(event id, depth of an event that refers to it) of the history that is missing, newest first."""
    rows = tx.all(
        """SELECT event_id, depth FROM backward_extremities
           WHERE room_nid = :room AND depth >= :depth ORDER BY depth DESC LIMIT 100""",
        room=room_nid,
        depth=-1 if depth is None else depth,
    )
    return [(row[0], row[1]) for row in rows]


def find_sent(tx: Transaction, key: dict[str, Any]) -> str | None:
    """The event that an earlier request of this transaction made; key: user_id, device_id, scope, txn_id."""
    row = tx.find(
        """SELECT e.event_id FROM sent_transactions t JOIN events e ON e.event_nid = t.event_nid
           WHERE t.user_id = :user_id AND t.device_id = :device_id AND t.scope = :scope AND t.txn_id = :txn_id""",
        **key,
    )
    return None if row is None else str(row[0])


def insert_sent(tx: Transaction, key: dict[str, Any], event_nid: int, sent_ts: int) -> None:
    """Remember what a transaction made."""
    tx.run(
        """INSERT INTO sent_transactions (user_id, device_id, scope, txn_id, event_nid, sent_ts)
           VALUES (:user_id, :device_id, :scope, :txn_id, :event_nid, :sent_ts)""",
        **key,
        event_nid=event_nid,
        sent_ts=sent_ts,
    )


def delete_sent_before(tx: Transaction, before_ts: int) -> int:
    """Forget old transactions."""
    return tx.run("DELETE FROM sent_transactions WHERE sent_ts < :before", before=before_ts)


def sent_by_device(tx: Transaction, event_nids: Collection[int]) -> list[tuple[int, str, str, str]]:
    """(event_nid, scope, device_id, txn_id) of those events that a transaction made."""
    rows = tx.all_in(
        "SELECT event_nid, scope, device_id, txn_id FROM sent_transactions WHERE event_nid IN :nids",
        nids=list(event_nids),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def entry_depth(tx: Transaction, room_nid: int, server_name: str) -> int:
    """The depth at which the server's present stay in a room begins; 0 where it is not in the room."""
    depth = tx.value(
        """SELECT MIN(e.depth) FROM room_servers s
           JOIN events e ON e.room_nid = s.room_nid AND e.position = s.from_position
           WHERE s.room_nid = :room AND s.server_name = :server AND s.to_position IS NULL""",
        room=room_nid,
        server=server_name,
    )
    return 0 if depth is None else int(depth)
