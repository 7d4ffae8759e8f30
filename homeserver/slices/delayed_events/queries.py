"""SQL for delayed events."""

from __future__ import annotations

from typing import Any

from homeserver.database import Transaction
from homeserver.rooms.service import TransactionKey
from homeserver.slices.delayed_events.records import DelayedEvent

_COLUMNS = """delay_id, user_id, room_id, type, state_key, content, delay_ms, scheduled_ts, due_ts, finalised_ts,
    event_id, error"""


def insert_event(tx: Transaction, event: DelayedEvent, txn: TransactionKey | None) -> None:
    """Schedule one."""
    tx.run(
        """INSERT INTO delayed_events (delay_id, user_id, device_id, scope, txn_id, room_id, type, state_key, content,
               delay_ms, scheduled_ts, due_ts)
           VALUES (:delay_id, :user_id, :device_id, :scope, :txn_id, :room_id, :type, :state_key, :content,
               :delay_ms, :scheduled_ts, :due_ts)""",
        delay_id=event.delay_id,
        user_id=event.user_id,
        device_id=None if txn is None else txn.device_id,
        scope=None if txn is None else txn.scope,
        txn_id=None if txn is None else txn.txn_id,
        room_id=event.room_id,
        type=event.type,
        state_key=event.state_key,
        content=event.content,
        delay_ms=event.delay_ms,
        scheduled_ts=event.scheduled_ts,
        due_ts=event.due_ts,
    )


def find_by_transaction(tx: Transaction, txn: TransactionKey) -> str | None:
    """The one that an earlier request with this key scheduled."""
    row = tx.find(
        """SELECT delay_id FROM delayed_events
           WHERE user_id = :user_id AND device_id = :device_id AND scope = :scope AND txn_id = :txn_id""",
        **txn.columns(),
    )
    return None if row is None else str(row[0])


def count_scheduled(tx: Transaction, user_id: str) -> int:
    """How many a user has waiting."""
    return int(
        tx.value("SELECT COUNT(*) FROM delayed_events WHERE user_id = :user AND finalised_ts IS NULL", user=user_id)
    )


def find_next_due(tx: Transaction, user_id: str) -> int | None:
    """When the first of those that a user has waiting is due."""
    due = tx.value(
        "SELECT MIN(due_ts) FROM delayed_events WHERE user_id = :user AND finalised_ts IS NULL", user=user_id
    )
    return None if due is None else int(due)


def find_event(tx: Transaction, delay_id: str) -> DelayedEvent | None:
    """One by its id."""
    row = tx.find(f"SELECT {_COLUMNS} FROM delayed_events WHERE delay_id = :id", id=delay_id)  # noqa: S608
    return None if row is None else _event(row)


def find_next(tx: Transaction) -> DelayedEvent | None:
    """The one that is due first."""
    row = tx.find(
        f"SELECT {_COLUMNS} FROM delayed_events WHERE finalised_ts IS NULL ORDER BY due_ts, delay_id LIMIT 1"  # noqa: S608
    )
    return None if row is None else _event(row)


def scheduled_of(tx: Transaction, user_id: str) -> list[DelayedEvent]:
    """Those a user has waiting, the next one first."""
    rows = tx.all(
        f"""SELECT {_COLUMNS} FROM delayed_events WHERE user_id = :user AND finalised_ts IS NULL
            ORDER BY due_ts, delay_id""",  # noqa: S608
        user=user_id,
    )
    return [_event(row) for row in rows]


def finalised_of(tx: Transaction, user_id: str, limit: int) -> list[DelayedEvent]:
    """Those of a user that are over, the latest first."""
    rows = tx.all(
        f"""SELECT {_COLUMNS} FROM delayed_events WHERE user_id = :user AND finalised_ts IS NOT NULL
            ORDER BY finalised_ts DESC, delay_id LIMIT :limit""",  # noqa: S608
        user=user_id,
        limit=limit,
    )
    return [_event(row) for row in rows]


def scheduled_state(tx: Transaction, room_id: str) -> list[tuple[str, str, str, str]]:
    """(delay id, user id, type, state key) of state that waits for being set in a room."""
    rows = tx.all(
        """SELECT delay_id, user_id, type, state_key FROM delayed_events
           WHERE room_id = :room AND finalised_ts IS NULL AND state_key IS NOT NULL""",
        room=room_id,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def restart(tx: Transaction, delay_id: str, now_ms: int) -> bool:
    """Let the delay begin anew; False where it is over."""
    sql = """UPDATE delayed_events SET scheduled_ts = :now, due_ts = :now + delay_ms
             WHERE delay_id = :id AND finalised_ts IS NULL"""
    return tx.run(sql, now=now_ms, id=delay_id) == 1


def finalise(tx: Transaction, delay_id: str, now_ms: int, error: bytes | None = None) -> bool:
    """It is over; False where it was before."""
    sql = """UPDATE delayed_events SET finalised_ts = :now, error = :error
             WHERE delay_id = :id AND finalised_ts IS NULL"""
    return tx.run(sql, now=now_ms, error=error, id=delay_id) == 1


def set_sent(tx: Transaction, delay_id: str, event_id: str) -> None:
    """Which event became of it."""
    tx.run("UPDATE delayed_events SET event_id = :event WHERE delay_id = :id", event=event_id, id=delay_id)


def delete_finalised(tx: Transaction, before_ts: int, keep: int) -> None:
    """Forget those that are over since before a moment, and of each user all but the last."""
    tx.run("DELETE FROM delayed_events WHERE finalised_ts < :before", before=before_ts)
    tx.run(
        """DELETE FROM delayed_events WHERE delay_id IN (
               SELECT delay_id FROM (
                   SELECT delay_id, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY finalised_ts DESC) AS place
                   FROM delayed_events WHERE finalised_ts IS NOT NULL) AS ranked
               WHERE place > :keep)""",
        keep=keep,
    )


def delete_user(tx: Transaction, user_id: str) -> None:
    """An account has ended."""
    tx.run("DELETE FROM delayed_events WHERE user_id = :user", user=user_id)


def _event(row: tuple[Any, ...]) -> DelayedEvent:
    content, error = bytes(row[5]), None if row[11] is None else bytes(row[11])
    return DelayedEvent(*row[:5], content, *row[6:11], error)  # type: ignore[call-arg]
