"""SQL for devices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from homeserver.database import Transaction
from homeserver.devices.records import Device

_COLUMNS = "device_id, display_name, last_seen_ts, last_seen_ip, user_agent"


def devices_of(tx: Transaction, user_id: str) -> list[Device]:
    """All devices of a user, oldest first."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM devices WHERE user_id = :user_id ORDER BY created_ts, device_id",  # noqa: S608
        user_id=user_id,
    )
    return [Device(user_id, *row) for row in rows]


def names_of_many(tx: Transaction, user_ids: Collection[str]) -> dict[tuple[str, str], str]:
    """(user id, device id) to display name, of those devices of some users that have one."""
    rows = tx.all_in(
        "SELECT user_id, device_id, display_name FROM devices WHERE user_id IN :users AND display_name IS NOT NULL",
        users=list(user_ids),
    )
    return {(row[0], row[1]): row[2] for row in rows}


def find_device(tx: Transaction, user_id: str, device_id: str) -> Device | None:
    """One device."""
    row = tx.find(
        f"SELECT {_COLUMNS} FROM devices WHERE user_id = :user_id AND device_id = :device_id",  # noqa: S608
        user_id=user_id,
        device_id=device_id,
    )
    return None if row is None else Device(user_id, *row)


def insert_device(tx: Transaction, row: dict[str, Any]) -> bool:
    """Whether the device is new; row: user_id, device_id, display_name, created_ts. A known one is left as it is."""
    count = tx.run(
        """INSERT INTO devices (user_id, device_id, display_name, created_ts)
           VALUES (:user_id, :device_id, :display_name, :created_ts)
           ON CONFLICT (user_id, device_id) DO NOTHING""",
        **row,
    )
    return count == 1


def rename_device(tx: Transaction, user_id: str, device_id: str, display_name: str | None) -> bool:
    """Whether there is such a device."""
    count = tx.run(
        "UPDATE devices SET display_name = :display_name WHERE user_id = :user_id AND device_id = :device_id",
        user_id=user_id,
        device_id=device_id,
        display_name=display_name,
    )
    return count == 1


def existing_ids(tx: Transaction, user_id: str, device_ids: Sequence[str]) -> list[str]:
    """Those of the ids that are the user's devices."""
    if not device_ids:
        return []
    rows = tx.all_in(
        "SELECT device_id FROM devices WHERE user_id = :user_id AND device_id IN :ids",
        user_id=user_id,
        ids=list(device_ids),
    )
    return [row[0] for row in rows]


def delete_devices(tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
    """Remove devices."""
    tx.run_many(
        "DELETE FROM devices WHERE user_id = :user_id AND device_id = :device_id",
        [{"user_id": user_id, "device_id": device_id} for device_id in device_ids],
    )


def write_last_seen(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Set when and whence devices were seen; rows: user_id, device_id, ts, ip, user_agent."""
    tx.run_many(
        """UPDATE devices SET last_seen_ts = :ts, last_seen_ip = :ip, user_agent = :user_agent
           WHERE user_id = :user_id AND device_id = :device_id
               AND (last_seen_ts IS NULL OR last_seen_ts < :ts)""",
        rows,
    )
