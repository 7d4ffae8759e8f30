"""SQL for the keys of local devices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from homeserver.database import Transaction

Keys = dict[str, Any]


def find_keys(tx: Transaction, user_id: str, device_id: str) -> Keys | None:
    """The keys of a device, as it uploaded them."""
    text = tx.value(
        "SELECT keys FROM device_keys WHERE user_id = :user AND device_id = :device",
        user=user_id,
        device=device_id,
    )
    return None if text is None else _keys(text)


def keys_of_many(tx: Transaction, user_ids: Collection[str]) -> list[tuple[str, str, Keys]]:
    """(user id, device id, keys) of every device of some users that has any."""
    return [(user_id, device_id, _keys(text)) for user_id, device_id, text in texts_of_many(tx, user_ids)]


def texts_of_many(tx: Transaction, user_ids: Collection[str]) -> list[tuple[str, str, str]]:
    """(user id, device id, keys as the text of a JSON object with members) of every device of some users that has
    any."""
    rows = tx.all_in(
        "SELECT user_id, device_id, keys FROM device_keys WHERE user_id IN :users ORDER BY user_id, device_id",
        users=list(user_ids),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def write_keys(tx: Transaction, user_id: str, device_id: str, keys: Keys) -> None:
    """Set the keys of a device."""
    tx.run(
        """INSERT INTO device_keys (user_id, device_id, keys) VALUES (:user, :device, :keys)
           ON CONFLICT (user_id, device_id) DO UPDATE SET keys = excluded.keys""",
        user=user_id,
        device=device_id,
        keys=msgspec.json.encode(keys).decode(),
    )


def delete_devices(tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
    """These devices are gone."""
    tx.run_many(
        "DELETE FROM device_keys WHERE user_id = :user AND device_id = :device",
        [{"user": user_id, "device": device_id} for device_id in device_ids],
    )


def _keys(text: str) -> Keys:
    keys: Keys = msgspec.json.decode(text)
    return keys
