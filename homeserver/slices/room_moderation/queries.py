"""SQL for blocked and closed rooms."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.database import Transaction


@dataclass(frozen=True, slots=True)
class ClosingRow:
    """A closing: `result` is JSON, None until it has ended; `error` says why it could not be done."""

    delete_id: str
    room_id: str
    result: bytes | None
    error: str | None


def find_blocker(tx: Transaction, room_id: str) -> str | None:
    """Who has blocked a room; None where nobody has."""
    user_id = tx.value("SELECT user_id FROM blocked_rooms WHERE room_id = :room", room=room_id)
    return None if user_id is None else str(user_id)


def block(tx: Transaction, room_id: str, user_id: str, now_ms: int) -> None:
    """An administrator blocks a room; who did so first stays named."""
    tx.run(
        """INSERT INTO blocked_rooms (room_id, user_id, blocked_ts) VALUES (:room, :user, :now)
           ON CONFLICT (room_id) DO NOTHING""",
        room=room_id,
        user=user_id,
        now=now_ms,
    )


def unblock(tx: Transaction, room_id: str) -> None:
    """It is blocked no more."""
    tx.run("DELETE FROM blocked_rooms WHERE room_id = :room", room=room_id)


def insert_closing(tx: Transaction, delete_id: str, room_id: str, now_ms: int, keep_ms: int) -> None:
    """One has begun; those begun longer ago are forgotten."""
    tx.run("DELETE FROM room_closings WHERE started_ts < :before", before=now_ms - keep_ms)
    tx.run(
        "INSERT INTO room_closings (delete_id, room_id, started_ts) VALUES (:id, :room, :now)",
        id=delete_id,
        room=room_id,
        now=now_ms,
    )


def end_closing(tx: Transaction, delete_id: str, result: bytes | None, error: str | None) -> None:
    """One has ended."""
    tx.run(
        "UPDATE room_closings SET result = :result, error = :error WHERE delete_id = :id",
        result=result,
        error=error,
        id=delete_id,
    )


def find_closing(tx: Transaction, delete_id: str) -> ClosingRow | None:
    """One by its id."""
    row = tx.find("SELECT delete_id, room_id, result, error FROM room_closings WHERE delete_id = :id", id=delete_id)
    return None if row is None else _closing(row)


def closings_of(tx: Transaction, room_id: str) -> list[ClosingRow]:
    """Those of a room, the oldest first."""
    rows = tx.all(
        """SELECT delete_id, room_id, result, error FROM room_closings
           WHERE room_id = :room ORDER BY started_ts, delete_id""",
        room=room_id,
    )
    return [_closing(row) for row in rows]


def _closing(row: tuple[str, str, bytes | None, str | None]) -> ClosingRow:
    return ClosingRow(row[0], row[1], None if row[2] is None else bytes(row[2]), row[3])
