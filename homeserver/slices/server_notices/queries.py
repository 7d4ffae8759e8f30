"""SQL for the rooms of server notices."""

from __future__ import annotations

from homeserver.database import Transaction


def find_room(tx: Transaction, user_id: str) -> str | None:
    """The room in which a user gets notices; None before the first."""
    room_id = tx.value("SELECT room_id FROM notice_rooms WHERE user_id = :user", user=user_id)
    return None if room_id is None else str(room_id)


def write_room(tx: Transaction, user_id: str, room_id: str) -> None:
    """A user gets notices there from now on."""
    tx.run(
        """INSERT INTO notice_rooms (user_id, room_id) VALUES (:user, :room)
           ON CONFLICT (user_id) DO UPDATE SET room_id = excluded.room_id""",
        user=user_id,
        room=room_id,
    )


def delete_user(tx: Transaction, user_id: str) -> None:
    """An account has ended."""
    tx.run("DELETE FROM notice_rooms WHERE user_id = :user", user=user_id)
