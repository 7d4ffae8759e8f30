"""SQL for the connections of sliding sync and what they were told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from homeserver.database import Transaction

_COLUMNS = """connection_nid, acked, acked_position, acked_volatile, pending, pending_position, pending_volatile,
    configs, used_ts"""

Key = tuple[str, str, str]
"""User id, device id, connection id."""


class ConnectionRow(NamedTuple):
    """A connection; see the table."""

    connection_nid: int
    acked: int
    acked_position: int
    acked_volatile: int
    pending: int
    pending_position: int
    pending_volatile: int
    configs: str
    used_ts: int

    @property
    def newest(self) -> int:
        """The number of the last answer that was ever given."""
        return max(self.acked, self.pending)


def find_connection(tx: Transaction, key: Key) -> ConnectionRow | None:
    """A device's connection."""
    row = tx.find(
        f"""SELECT {_COLUMNS} FROM sliding_connections
            WHERE user_id = :user AND device_id = :device AND conn_id = :conn""",  # noqa: S608
        user=key[0],
        device=key[1],
        conn=key[2],
    )
    return None if row is None else ConnectionRow(*row)


def insert_connection(tx: Transaction, key: Key, place: tuple[int, int], configs: str, used_ts: int) -> int:
    """A connection whose first answer, 1, is pending; its number."""
    return int(
        tx.insert(
            """INSERT INTO sliding_connections (user_id, device_id, conn_id, acked, acked_position, acked_volatile,
                   pending, pending_position, pending_volatile, configs, used_ts)
               VALUES (:user, :device, :conn, 0, 0, 0, 1, :position, :volatile, :configs, :ts)
               RETURNING connection_nid""",
            user=key[0],
            device=key[1],
            conn=key[2],
            position=place[0],
            volatile=place[1],
            configs=configs,
            ts=used_ts,
        )
    )


def write_answer(tx: Transaction, row: ConnectionRow) -> None:
    """Another answer is pending."""
    tx.run(
        """UPDATE sliding_connections SET acked = :acked, acked_position = :acked_position,
               acked_volatile = :acked_volatile, pending = :pending, pending_position = :pending_position,
               pending_volatile = :pending_volatile, configs = :configs, used_ts = :used_ts
           WHERE connection_nid = :connection_nid""",
        **row._asdict(),
    )


def touch(tx: Transaction, connection_nid: int, used_ts: int) -> None:
    """The connection is in use."""
    tx.run("UPDATE sliding_connections SET used_ts = :ts WHERE connection_nid = :nid", ts=used_ts, nid=connection_nid)


def rooms_at(tx: Transaction, connection_nid: int, answer: int) -> dict[int, bytes]:
    """Room number to what was told of it up to an answer, the last one or the one before."""
    rows = tx.all(
        "SELECT room_nid, answer, memory, before FROM sliding_rooms WHERE connection_nid = :nid", nid=connection_nid
    )
    found = {row[0]: row[2] if row[1] <= answer else row[3] for row in rows}
    return {room_nid: bytes(value) for room_nid, value in found.items() if value is not None}


def write_rooms(
    tx: Transaction, connection_nid: int, answer: int, rooms: Mapping[int, tuple[bytes, bytes | None]]
) -> None:
    """Set what an answer tells of rooms, and what those before it told."""
    tx.run_many(
        """INSERT INTO sliding_rooms (connection_nid, room_nid, answer, memory, before)
           VALUES (:nid, :room, :answer, :memory, :before)
           ON CONFLICT (connection_nid, room_nid) DO UPDATE SET answer = excluded.answer, memory = excluded.memory,
               before = excluded.before""",
        [
            {"nid": connection_nid, "room": room_nid, "answer": answer, "memory": now, "before": before}
            for room_nid, (now, before) in rooms.items()
        ],
    )


def take_back(tx: Transaction, connection_nid: int, answer: int) -> None:
    """The client did not get an answer: what it told counts for nothing."""
    key = {"nid": connection_nid, "answer": answer}
    tx.run("DELETE FROM sliding_rooms WHERE connection_nid = :nid AND answer = :answer AND before IS NULL", **key)
    tx.run(
        "UPDATE sliding_rooms SET memory = before, answer = 0 WHERE connection_nid = :nid AND answer = :answer", **key
    )


def connections_of(tx: Transaction, user_id: str, device_id: str) -> list[tuple[int, str]]:
    """(number, connection id) of a device's connections, the one used last first."""
    rows = tx.all(
        """SELECT connection_nid, conn_id FROM sliding_connections WHERE user_id = :user AND device_id = :device
           ORDER BY used_ts DESC, connection_nid DESC""",
        user=user_id,
        device=device_id,
    )
    return [(row[0], row[1]) for row in rows]


def unused_since(tx: Transaction, before_ts: int) -> list[int]:
    """The connections nobody used since then."""
    rows = tx.all("SELECT connection_nid FROM sliding_connections WHERE used_ts < :before", before=before_ts)
    return [row[0] for row in rows]


def delete_connections(tx: Transaction, connection_nids: Collection[int]) -> None:
    """Forget connections and what they were told."""
    rows: Sequence[dict[str, Any]] = [{"nid": nid} for nid in connection_nids]
    tx.run_many("DELETE FROM sliding_rooms WHERE connection_nid = :nid", rows)
    tx.run_many("DELETE FROM sliding_connections WHERE connection_nid = :nid", rows)
