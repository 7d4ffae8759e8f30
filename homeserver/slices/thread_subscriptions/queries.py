"""SQL for subscriptions to threads."""

from __future__ import annotations

from typing import NamedTuple

from homeserver.database import Transaction

MANUAL = "manual"
AUTOMATIC = "automatic"
UNSUBSCRIBED = "unsubscribed"


class Thread(NamedTuple):
    """A thread, by its root event."""

    room_id: str
    root_id: str


class Subscription(NamedTuple):
    """How a user stands to a thread (`MANUAL`, `AUTOMATIC`, `UNSUBSCRIBED`), and since which position."""

    thread: Thread
    state: str
    position: int


def find_subscription(tx: Transaction, user_id: str, thread: Thread) -> Subscription | None:
    """How a user stands to a thread; None where nothing was ever said."""
    row = tx.find(
        "SELECT state, position FROM thread_subscriptions WHERE user_id = :user AND root_id = :root",
        user=user_id,
        root=thread.root_id,
    )
    return None if row is None else Subscription(thread, row[0], row[1])


def write_subscription(tx: Transaction, user_id: str, subscription: Subscription) -> None:
    """Set how a user stands to a thread."""
    tx.run(
        """INSERT INTO thread_subscriptions (user_id, room_id, root_id, state, position)
           VALUES (:user, :room, :root, :state, :position)
           ON CONFLICT (user_id, root_id) DO UPDATE SET state = excluded.state, position = excluded.position""",
        user=user_id,
        room=subscription.thread.room_id,
        root=subscription.thread.root_id,
        state=subscription.state,
        position=subscription.position,
    )


def count_of(tx: Transaction, user_id: str) -> int:
    """To how many threads a user stands in some way."""
    return int(tx.value("SELECT COUNT(*) FROM thread_subscriptions WHERE user_id = :user", user=user_id))


def delete_oldest_unsubscription(tx: Transaction, user_id: str) -> bool:
    """Forget that the user does not want a thread, the one of which they said so first; whether there was one."""
    found = tx.run(
        """DELETE FROM thread_subscriptions WHERE user_id = :user AND root_id IN (
               SELECT root_id FROM thread_subscriptions WHERE user_id = :user AND state = :state
               ORDER BY position LIMIT 1)""",
        user=user_id,
        state=UNSUBSCRIBED,
    )
    return found > 0


def changed_between(tx: Transaction, user_id: str, since: int, upto: int, limit: int) -> list[Subscription]:
    """What changed last in (since, upto], the latest first."""
    rows = tx.all(
        """SELECT room_id, root_id, state, position FROM thread_subscriptions
           WHERE user_id = :user AND position > :since AND position <= :upto ORDER BY position DESC LIMIT :limit""",
        user=user_id,
        since=since,
        upto=upto,
        limit=limit,
    )
    return [Subscription(Thread(row[0], row[1]), row[2], row[3]) for row in rows]


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove all of a user's."""
    tx.run("DELETE FROM thread_subscriptions WHERE user_id = :user", user=user_id)
