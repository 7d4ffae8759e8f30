"""SQL for filters."""

from __future__ import annotations

from homeserver.database import Transaction


def find_filter(tx: Transaction, user_id: str, filter_id: str) -> str | None:
    """A filter, as JSON."""
    text: str | None = tx.value(
        "SELECT filter FROM filters WHERE user_id = :user AND filter_id = :id", user=user_id, id=filter_id
    )
    return text


def insert_filter(tx: Transaction, user_id: str, filter_id: str, text: str, created_ts: int) -> bool:
    """Whether the user had no such filter."""
    count = tx.run(
        """INSERT INTO filters (user_id, filter_id, filter, created_ts) VALUES (:user, :id, :filter, :created_ts)
           ON CONFLICT (user_id, filter_id) DO NOTHING""",
        user=user_id,
        id=filter_id,
        filter=text,
        created_ts=created_ts,
    )
    return count == 1


def delete_oldest(tx: Transaction, user_id: str, keep: int) -> None:
    """Remove a user's oldest filters, so that no more than `keep` are left."""
    tx.run(
        """DELETE FROM filters WHERE user_id = :user AND filter_id NOT IN (
               SELECT filter_id FROM filters WHERE user_id = :user ORDER BY created_ts DESC, filter_id LIMIT :keep)""",
        user=user_id,
        keep=keep,
    )


def count_filters(tx: Transaction, user_id: str) -> int:
    """How many a user has."""
    return int(tx.value("SELECT COUNT(*) FROM filters WHERE user_id = :user", user=user_id))


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove all of a user's."""
    tx.run("DELETE FROM filters WHERE user_id = :user", user=user_id)
