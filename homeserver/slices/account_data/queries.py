"""SQL for account data."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from homeserver.database import Transaction

Content = dict[str, Any]


def find_content(tx: Transaction, user_id: str, room_id: str, data_type: str) -> Content | None:
    """The content of one type; `room_id` is empty for what belongs to no room."""
    text = tx.value(
        "SELECT content FROM account_data WHERE user_id = :user AND room_id = :room AND type = :type",
        user=user_id,
        room=room_id,
        type=data_type,
    )
    return None if text is None else _content(text)


def contents_of_many(tx: Transaction, user_ids: Collection[str], data_type: str) -> dict[str, Content]:
    """The contents of one type, which belongs to no room, of those of the users who have it."""
    rows = tx.all_in(
        "SELECT user_id, content FROM account_data WHERE user_id IN :users AND room_id = '' AND type = :type",
        users=list(user_ids),
        type=data_type,
    )
    return {row[0]: _content(row[1]) for row in rows}


def write_content(tx: Transaction, user_id: str, key: tuple[str, str], content: Content, position: int) -> None:
    """Set the content of a (room id, type)."""
    tx.run(
        """INSERT INTO account_data (user_id, room_id, type, content, position)
           VALUES (:user, :room, :type, :content, :position)
           ON CONFLICT (user_id, room_id, type) DO UPDATE SET content = excluded.content,
               position = excluded.position""",
        user=user_id,
        room=key[0],
        type=key[1],
        content=msgspec.json.encode(content).decode(),
        position=position,
    )


def count_rows(tx: Transaction, user_id: str) -> int:
    """How many a user has."""
    return int(tx.value("SELECT COUNT(*) FROM account_data WHERE user_id = :user", user=user_id))


def global_since(tx: Transaction, user_id: str, since: int) -> list[tuple[str, Content]]:
    """(type, content) of what belongs to no room and was set after a position."""
    rows = tx.all(
        """SELECT type, content FROM account_data WHERE user_id = :user AND room_id = '' AND position > :since
           ORDER BY position, type""",
        user=user_id,
        since=since,
    )
    return [(row[0], _content(row[1])) for row in rows]


def rooms_since(tx: Transaction, user_id: str, since: int) -> list[tuple[str, int, str, Content]]:
    """(room id, position, type, content) of what belongs to rooms and was set after a position."""
    rows = tx.all(
        """SELECT room_id, position, type, content FROM account_data
           WHERE user_id = :user AND room_id <> '' AND position > :since ORDER BY position, type""",
        user=user_id,
        since=since,
    )
    return [(row[0], row[1], row[2], _content(row[3])) for row in rows]


def of_room(tx: Transaction, user_id: str, room_id: str) -> list[tuple[str, Content]]:
    """(type, content) of all that belongs to a room."""
    rows = tx.all(
        "SELECT type, content FROM account_data WHERE user_id = :user AND room_id = :room ORDER BY type",
        user=user_id,
        room=room_id,
    )
    return [(row[0], _content(row[1])) for row in rows]


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove all of a user's."""
    tx.run("DELETE FROM account_data WHERE user_id = :user", user=user_id)


def _content(text: str) -> Content:
    content: Content = msgspec.json.decode(text)
    return content
