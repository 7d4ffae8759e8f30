"""SQL for dehydrated devices."""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction


def find_device(tx: Transaction, user_id: str) -> tuple[str, str] | None:
    """(device id, device data as JSON) of a user's dehydrated device."""
    row = tx.find("SELECT device_id, device_data FROM dehydrated_devices WHERE user_id = :user", user=user_id)
    return None if row is None else (row[0], row[1])


def write_device(tx: Transaction, user_id: str, device_id: str, device_data: str) -> None:
    """Set it."""
    tx.run(
        """INSERT INTO dehydrated_devices (user_id, device_id, device_data) VALUES (:user, :device, :data)
           ON CONFLICT (user_id) DO UPDATE SET device_id = excluded.device_id, device_data = excluded.device_data""",
        user=user_id,
        device=device_id,
        data=device_data,
    )


def delete_devices(tx: Transaction, user_id: str, device_ids: Collection[str]) -> None:
    """Forget it, if it is one of these."""
    tx.run_many(
        "DELETE FROM dehydrated_devices WHERE user_id = :user AND device_id = :device",
        [{"user": user_id, "device": device_id} for device_id in device_ids],
    )
