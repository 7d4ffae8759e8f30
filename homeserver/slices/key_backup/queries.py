"""SQL for key backups."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any

import msgspec

from homeserver.database import Transaction
from homeserver.slices.key_backup.records import BackedUpKey, Backup

AuthData = dict[str, Any] | str

_KEY_COLUMNS = "room_id, session_id, first_message_index, forwarded_count, is_verified, session_data"


def insert_backup(tx: Transaction, user_id: str, algorithm: str, auth_data: AuthData) -> int:
    """Add a backup; its version, which is no earlier one's."""
    last = tx.value("SELECT MAX(version) FROM key_backups WHERE user_id = :user", user=user_id)
    version = 1 + (last or 0)
    tx.run(
        """INSERT INTO key_backups (user_id, version, algorithm, auth_data)
           VALUES (:user, :version, :algorithm, :auth_data)""",
        user=user_id,
        version=version,
        algorithm=algorithm,
        auth_data=msgspec.json.encode(auth_data).decode(),
    )
    return int(version)


def find_backup(tx: Transaction, user_id: str, version: int) -> tuple[Backup, bool] | None:
    """(a backup, whether it was deleted)."""
    row = tx.find(
        """SELECT version, algorithm, auth_data, etag, key_count, is_deleted FROM key_backups
           WHERE user_id = :user AND version = :version""",
        user=user_id,
        version=version,
    )
    return None if row is None else (_backup(row), bool(row[5]))


def find_current(tx: Transaction, user_id: str) -> Backup | None:
    """The latest backup."""
    row = tx.find(
        """SELECT version, algorithm, auth_data, etag, key_count FROM key_backups
           WHERE user_id = :user AND is_deleted = 0 ORDER BY version DESC LIMIT 1""",
        user=user_id,
    )
    return None if row is None else _backup(row)


def write_auth_data(tx: Transaction, user_id: str, version: int, auth_data: AuthData) -> None:
    """Change what clients know a backup by."""
    tx.run(
        "UPDATE key_backups SET auth_data = :auth_data WHERE user_id = :user AND version = :version",
        user=user_id,
        version=version,
        auth_data=msgspec.json.encode(auth_data).decode(),
    )


def write_state(tx: Transaction, user_id: str, version: int, etag: int, key_count: int) -> None:
    """The keys of a backup have changed."""
    tx.run(
        "UPDATE key_backups SET etag = :etag, key_count = :count WHERE user_id = :user AND version = :version",
        user=user_id,
        version=version,
        etag=etag,
        count=key_count,
    )


def delete_backup(tx: Transaction, user_id: str, version: int) -> None:
    """Remove a backup with its keys; its version stays taken."""
    delete_keys(tx, user_id, version, None, None)
    tx.run(
        """UPDATE key_backups SET is_deleted = 1, auth_data = '{}', key_count = 0
           WHERE user_id = :user AND version = :version""",
        user=user_id,
        version=version,
    )


def keys_of(
    tx: Transaction, user_id: str, version: int, room_id: str | None, session_id: str | None
) -> list[BackedUpKey]:
    """The keys of a backup; of one room, or one session of it."""
    condition, parameters = _part(room_id, session_id)
    rows = tx.all(
        f"""SELECT {_KEY_COLUMNS} FROM backed_up_keys
            WHERE user_id = :user AND version = :version {condition} ORDER BY room_id, session_id""",  # noqa: S608
        user=user_id,
        version=version,
        **parameters,
    )
    return [_key(row) for row in rows]


def keys_of_sessions(
    tx: Transaction, user_id: str, version: int, room_id: str, session_ids: Collection[str]
) -> list[BackedUpKey]:
    """The keys of some sessions of a room."""
    rows = tx.all_in(
        f"""SELECT {_KEY_COLUMNS} FROM backed_up_keys
            WHERE user_id = :user AND version = :version AND room_id = :room AND session_id IN :sessions""",  # noqa: S608
        user=user_id,
        version=version,
        room=room_id,
        sessions=list(session_ids),
    )
    return [_key(row) for row in rows]


def write_keys(tx: Transaction, user_id: str, version: int, keys: Iterable[BackedUpKey]) -> None:
    """Add keys, or put them in the place of those that are there."""
    tx.run_many(
        """INSERT INTO backed_up_keys (user_id, version, room_id, session_id, first_message_index, forwarded_count,
               is_verified, session_data)
           VALUES (:user, :version, :room_id, :session_id, :first_message_index, :forwarded_count, :is_verified,
               :session_data)
           ON CONFLICT (user_id, version, room_id, session_id) DO UPDATE SET
               first_message_index = excluded.first_message_index, forwarded_count = excluded.forwarded_count,
               is_verified = excluded.is_verified, session_data = excluded.session_data""",
        [{**asdict(key), "is_verified": int(key.is_verified), "user": user_id, "version": version} for key in keys],
    )


def delete_keys(tx: Transaction, user_id: str, version: int, room_id: str | None, session_id: str | None) -> int:
    """Remove keys of a backup; their number."""
    condition, parameters = _part(room_id, session_id)
    return tx.run(
        f"DELETE FROM backed_up_keys WHERE user_id = :user AND version = :version {condition}",  # noqa: S608
        user=user_id,
        version=version,
        **parameters,
    )


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove all of a user's."""
    tx.run("DELETE FROM backed_up_keys WHERE user_id = :user", user=user_id)
    tx.run("DELETE FROM key_backups WHERE user_id = :user", user=user_id)


def _part(room_id: str | None, session_id: str | None) -> tuple[str, dict[str, str]]:
    """(condition, its parameters) of all keys of a backup, those of a room, or that of a session."""
    if room_id is None:
        return "", {}
    if session_id is None:
        return "AND room_id = :room", {"room": room_id}
    return "AND room_id = :room AND session_id = :session", {"room": room_id, "session": session_id}


def _backup(row: tuple[Any, ...]) -> Backup:
    return Backup(row[0], row[1], msgspec.json.decode(row[2]), row[3], row[4])


def _key(row: tuple[Any, ...]) -> BackedUpKey:
    return BackedUpKey(row[0], row[1], row[2], row[3], bool(row[4]), row[5])
