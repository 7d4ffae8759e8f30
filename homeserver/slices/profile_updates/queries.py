"""SQL for changed profile fields."""

from __future__ import annotations

from homeserver.database import Transaction


def write_change(tx: Transaction, user_id: str, field: str, position: int) -> None:
    """A field has changed."""
    tx.run(
        """INSERT INTO profile_changes (user_id, field, position) VALUES (:user, :field, :position)
           ON CONFLICT (user_id, field) DO UPDATE SET position = excluded.position""",
        user=user_id,
        field=field,
        position=position,
    )


def delete_beyond(tx: Transaction, user_id: str, most: int) -> None:
    """Of a user with changes of more than so many fields, forget the oldest."""
    oldest = tx.value(
        "SELECT position FROM profile_changes WHERE user_id = :user ORDER BY position DESC LIMIT 1 OFFSET :most",
        user=user_id,
        most=most,
    )
    if oldest is not None:
        tx.run("DELETE FROM profile_changes WHERE user_id = :user AND position <= :oldest", user=user_id, oldest=oldest)


def changed_between(tx: Transaction, since: int, upto: int) -> list[tuple[str, str]]:
    """(user id, field) of what changed in (since, upto]."""
    rows = tx.all(
        "SELECT user_id, field FROM profile_changes WHERE position > :since AND position <= :upto",
        since=since,
        upto=upto,
    )
    return [(row[0], row[1]) for row in rows]
