"""SQL for the lists of other servers' users' devices."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.database import Transaction

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RemoteList:
    """See the table."""

    user_id: str
    stream_id: int = 0
    fetched_stream_id: int = 0
    heard_stream_id: int = 0
    fetched_position: int = 0
    needs_resync: bool = True
    is_owed: bool = False
    master_key: Json | None = None
    self_signing_key: Json | None = None


_COLUMNS = """user_id, stream_id, fetched_stream_id, heard_stream_id, fetched_position, needs_resync, is_owed,
              master_key, self_signing_key"""


def lists_of(tx: Transaction, user_ids: Collection[str]) -> dict[str, RemoteList]:
    """The lists that there are, by user id."""
    rows = tx.all_in(
        f"SELECT {_COLUMNS} FROM remote_device_lists WHERE user_id IN :users",  # noqa: S608
        users=list(user_ids),
    )
    return {row[0]: _list(row) for row in rows}


def find_list(tx: Transaction, user_id: str) -> RemoteList | None:
    """One list."""
    return lists_of(tx, [user_id]).get(user_id)


def devices_of(tx: Transaction, user_ids: Collection[str]) -> list[tuple[str, str, Json | None, str | None]]:
    """(user id, device id, keys, display name) of every device in the lists of some users."""
    rows = tx.all_in(
        """SELECT user_id, device_id, keys, display_name FROM remote_devices WHERE user_id IN :users
           ORDER BY user_id, device_id""",
        users=list(user_ids),
    )
    return [(row[0], row[1], _json(row[2]), row[3]) for row in rows]


def begin_fetch(tx: Transaction, user_id: str) -> None:
    """The list does not count until it has come whole."""
    tx.run(
        """INSERT INTO remote_device_lists (user_id, needs_resync) VALUES (:user, 1)
           ON CONFLICT (user_id) DO UPDATE SET needs_resync = 1""",
        user=user_id,
    )


def write_list(tx: Transaction, row: RemoteList) -> None:
    """Set everything about a list but its devices."""
    tx.run(
        """INSERT INTO remote_device_lists (user_id, stream_id, fetched_stream_id, heard_stream_id, fetched_position,
               needs_resync, is_owed, master_key, self_signing_key)
           VALUES (:user, :stream, :fetched, :heard, :position, :needs, :owed, :master, :self_signing)
           ON CONFLICT (user_id) DO UPDATE SET stream_id = excluded.stream_id,
               fetched_stream_id = excluded.fetched_stream_id, heard_stream_id = excluded.heard_stream_id,
               fetched_position = excluded.fetched_position, needs_resync = excluded.needs_resync,
               is_owed = excluded.is_owed, master_key = excluded.master_key,
               self_signing_key = excluded.self_signing_key""",
        user=row.user_id,
        stream=row.stream_id,
        fetched=row.fetched_stream_id,
        heard=row.heard_stream_id,
        position=row.fetched_position,
        needs=int(row.needs_resync),
        owed=int(row.is_owed),
        master=_text(row.master_key),
        self_signing=_text(row.self_signing_key),
    )


def write_devices(tx: Transaction, user_id: str, devices: Iterable[tuple[str, Json | None, str | None]]) -> None:
    """Set (device id, keys, display name) of some devices."""
    tx.run_many(
        """INSERT INTO remote_devices (user_id, device_id, keys, display_name)
           VALUES (:user, :device, :keys, :name)
           ON CONFLICT (user_id, device_id) DO UPDATE SET keys = excluded.keys,
               display_name = excluded.display_name""",
        [
            {"user": user_id, "device": device_id, "keys": _text(keys), "name": name}
            for device_id, keys, name in devices
        ],
    )


def delete_device(tx: Transaction, user_id: str, device_id: str) -> None:
    """The device is gone."""
    tx.run("DELETE FROM remote_devices WHERE user_id = :user AND device_id = :device", user=user_id, device=device_id)


def delete_devices(tx: Transaction, user_id: str) -> None:
    """Forget all devices of a list."""
    tx.run("DELETE FROM remote_devices WHERE user_id = :user", user=user_id)


def count_devices(tx: Transaction, user_id: str) -> int:
    """How many devices a list has."""
    return int(tx.value("SELECT COUNT(*) FROM remote_devices WHERE user_id = :user", user=user_id))


def delete_list(tx: Transaction, user_id: str) -> None:
    """Forget a list."""
    delete_devices(tx, user_id)
    tx.run("DELETE FROM remote_device_lists WHERE user_id = :user", user=user_id)


def users_to_resync(tx: Transaction) -> list[str]:
    """Whose lists have to be fetched anew."""
    rows = tx.all("SELECT user_id FROM remote_device_lists WHERE needs_resync = 1 ORDER BY user_id")
    return [row[0] for row in rows]


def users_after(tx: Transaction, user_id: str, limit: int) -> list[str]:
    """The users with lists, in order, after one."""
    rows = tx.all(
        "SELECT user_id FROM remote_device_lists WHERE user_id > :user ORDER BY user_id LIMIT :limit",
        user=user_id,
        limit=limit,
    )
    return [row[0] for row in rows]


def _list(row: tuple[Any, ...]) -> RemoteList:
    return RemoteList(
        user_id=row[0],
        stream_id=row[1],
        fetched_stream_id=row[2],
        heard_stream_id=row[3],
        fetched_position=row[4],
        needs_resync=bool(row[5]),
        is_owed=bool(row[6]),
        master_key=_json(row[7]),
        self_signing_key=_json(row[8]),
    )


def _json(text: str | None) -> Json | None:
    if text is None:
        return None
    value: Json = msgspec.json.decode(text)
    return value


def _text(value: Json | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
