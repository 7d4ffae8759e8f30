"""SQL for messages to devices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from homeserver.database import Transaction


def insert_message(tx: Transaction, user_id: str, device_id: str, position: int, event: bytes) -> None:
    """Keep a message until the device has seen it."""
    tx.run(
        """INSERT INTO to_device_messages (user_id, device_id, position, event)
           VALUES (:user, :device, :position, :event)""",
        user=user_id,
        device=device_id,
        position=position,
        event=event,
    )


def delete_beyond(tx: Transaction, user_id: str, device_id: str, most: int) -> None:
    """Delete the oldest messages of a device that has more than so many."""
    newest_too_old = tx.value(
        """SELECT position FROM to_device_messages WHERE user_id = :user AND device_id = :device
           ORDER BY position DESC LIMIT 1 OFFSET :most""",
        user=user_id,
        device=device_id,
        most=most,
    )
    if newest_too_old is not None:
        delete_upto(tx, user_id, device_id, newest_too_old)


def messages_between(
    tx: Transaction, user_id: str, device_id: str, since: int, upto: int, limit: int
) -> list[tuple[int, bytes]]:
    """(position, event) of a device's messages in (since, upto], oldest first, up to a number."""
    rows = tx.all(
        """SELECT position, event FROM to_device_messages
           WHERE user_id = :user AND device_id = :device AND position > :since AND position <= :upto
           ORDER BY position LIMIT :limit""",
        user=user_id,
        device=device_id,
        since=since,
        upto=upto,
        limit=limit,
    )
    return [(row[0], bytes(row[1])) for row in rows]


def first_position(tx: Transaction, user_id: str, device_id: str) -> int | None:
    """Where the oldest message of a device is."""
    position = tx.value(
        "SELECT MIN(position) FROM to_device_messages WHERE user_id = :user AND device_id = :device",
        user=user_id,
        device=device_id,
    )
    return None if position is None else int(position)


def delete_upto(tx: Transaction, user_id: str, device_id: str, position: int) -> None:
    """The device has seen these."""
    tx.run(
        """DELETE FROM to_device_messages
           WHERE user_id = :user AND device_id = :device AND position <= :position""",
        user=user_id,
        device=device_id,
        position=position,
    )


def delete_devices(tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
    """These devices are gone."""
    tx.run_many(
        "DELETE FROM to_device_messages WHERE user_id = :user AND device_id = :device", _devices(user_id, device_ids)
    )
    tx.run_many(
        "DELETE FROM to_device_transactions WHERE sender = :user AND device_id = :device",
        _devices(user_id, device_ids),
    )


def insert_transaction(tx: Transaction, key: tuple[str, str, str, str], sent_ts: int) -> bool:
    """Whether this is new; key: sender, device id, scope, transaction id."""
    count = tx.run(
        """INSERT INTO to_device_transactions (sender, device_id, scope, txn_id, sent_ts)
           VALUES (:sender, :device, :scope, :txn, :ts)
           ON CONFLICT (sender, device_id, scope, txn_id) DO NOTHING""",
        sender=key[0],
        device=key[1],
        scope=key[2],
        txn=key[3],
        ts=sent_ts,
    )
    return count == 1


def delete_transactions_before(tx: Transaction, before_ts: int) -> None:
    """Forget old transactions."""
    tx.run("DELETE FROM to_device_transactions WHERE sent_ts < :before", before=before_ts)


def _devices(user_id: str, device_ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"user": user_id, "device": device_id} for device_id in device_ids]
