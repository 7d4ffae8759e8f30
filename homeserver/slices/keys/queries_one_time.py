"""SQL for one-time and fallback keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from homeserver.database import Transaction

#: How many of the claimed keys of a device and algorithm are remembered.
MOST_CLAIMED = 500


def count_keys(tx: Transaction, user_id: str, device_id: str) -> dict[str, int]:
    """Algorithm to number of keys that can still be claimed; those without any are left out."""
    rows = tx.all(
        """SELECT algorithm, COUNT(*) FROM one_time_keys
           WHERE user_id = :user AND device_id = :device AND is_claimed = 0 GROUP BY algorithm ORDER BY algorithm""",
        user=user_id,
        device=device_id,
    )
    return {row[0]: row[1] for row in rows}


def keys_by_id(tx: Transaction, user_id: str, device_id: str, key_ids: Collection[str]) -> list[tuple[str, Any, bool]]:
    """(key id with its algorithm, key, whether it was claimed) of those that are known."""
    rows = tx.all_in(
        """SELECT key_id, one_time_key, is_claimed FROM one_time_keys
           WHERE user_id = :user AND device_id = :device AND key_id IN :ids""",
        user=user_id,
        device=device_id,
        ids=list(key_ids),
    )
    return [(row[0], msgspec.json.decode(row[1]), bool(row[2])) for row in rows]


def insert_keys(tx: Transaction, user_id: str, device_id: str, keys: dict[str, Any]) -> None:
    """Add one-time keys, by their ids with the algorithm in front."""
    tx.run_many(
        """INSERT INTO one_time_keys (user_id, device_id, algorithm, key_id, one_time_key)
           VALUES (:user, :device, :algorithm, :id, :key)""",
        [
            {
                "user": user_id,
                "device": device_id,
                "algorithm": key_id.partition(":")[0],
                "id": key_id,
                "key": msgspec.json.encode(key).decode(),
            }
            for key_id, key in keys.items()
        ],
    )


def claim_first(tx: Transaction, user_id: str, device_id: str, algorithm: str) -> tuple[str, Any] | None:
    """(id, key) of the key that was uploaded first; it is not given again."""
    row = tx.find(
        """SELECT key_nid, key_id, one_time_key FROM one_time_keys
           WHERE user_id = :user AND device_id = :device AND is_claimed = 0 AND algorithm = :algorithm
           ORDER BY key_nid LIMIT 1""",
        user=user_id,
        device=device_id,
        algorithm=algorithm,
    )
    if row is None:
        return None
    tx.run("UPDATE one_time_keys SET is_claimed = 1 WHERE key_nid = :nid", nid=row[0])
    _forget_claimed(tx, user_id, device_id, algorithm)
    return row[1], msgspec.json.decode(row[2])


def find_fallback(tx: Transaction, user_id: str, device_id: str, algorithm: str) -> tuple[str, Any, bool] | None:
    """(id, key, whether it was used) of the fallback key."""
    row = tx.find(
        """SELECT key_id, fallback_key, is_used FROM fallback_keys
           WHERE user_id = :user AND device_id = :device AND algorithm = :algorithm""",
        user=user_id,
        device=device_id,
        algorithm=algorithm,
    )
    return None if row is None else (row[0], msgspec.json.decode(row[1]), bool(row[2]))


def fallback_algorithms(tx: Transaction, user_id: str, device_id: str) -> dict[str, bool]:
    """Algorithm to whether its fallback key was used."""
    rows = tx.all(
        """SELECT algorithm, is_used FROM fallback_keys WHERE user_id = :user AND device_id = :device
           ORDER BY algorithm""",
        user=user_id,
        device=device_id,
    )
    return {row[0]: bool(row[1]) for row in rows}


def write_fallback(tx: Transaction, user_id: str, device_id: str, key_id: str, key: Any) -> None:
    """Set the fallback key of its algorithm, which has not been used."""
    tx.run(
        """INSERT INTO fallback_keys (user_id, device_id, algorithm, key_id, fallback_key, is_used)
           VALUES (:user, :device, :algorithm, :id, :key, 0)
           ON CONFLICT (user_id, device_id, algorithm) DO UPDATE SET key_id = excluded.key_id,
               fallback_key = excluded.fallback_key, is_used = 0""",
        user=user_id,
        device=device_id,
        algorithm=key_id.partition(":")[0],
        id=key_id,
        key=msgspec.json.encode(key).decode(),
    )


def set_fallback_used(tx: Transaction, user_id: str, device_id: str, algorithm: str) -> None:
    """The fallback key was given to somebody."""
    tx.run(
        """UPDATE fallback_keys SET is_used = 1
           WHERE user_id = :user AND device_id = :device AND algorithm = :algorithm""",
        user=user_id,
        device=device_id,
        algorithm=algorithm,
    )


def delete_devices(tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
    """These devices are gone."""
    rows = [{"user": user_id, "device": device_id} for device_id in device_ids]
    tx.run_many("DELETE FROM one_time_keys WHERE user_id = :user AND device_id = :device", rows)
    tx.run_many("DELETE FROM fallback_keys WHERE user_id = :user AND device_id = :device", rows)


def _forget_claimed(tx: Transaction, user_id: str, device_id: str, algorithm: str) -> None:
    device = {"user": user_id, "device": device_id, "algorithm": algorithm}
    oldest_kept = tx.value(
        """SELECT key_nid FROM one_time_keys
           WHERE user_id = :user AND device_id = :device AND is_claimed = 1 AND algorithm = :algorithm
           ORDER BY key_nid DESC LIMIT 1 OFFSET :most""",
        most=MOST_CLAIMED - 1,
        **device,
    )
    if oldest_kept is not None:
        tx.run(
            """DELETE FROM one_time_keys
               WHERE user_id = :user AND device_id = :device AND is_claimed = 1 AND algorithm = :algorithm
                 AND key_nid < :oldest""",
            oldest=oldest_kept,
            **device,
        )
