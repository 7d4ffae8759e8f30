"""SQL for users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from homeserver.accounts.records import User
from homeserver.database import Transaction

_COLUMNS = """user_id, created_ts, is_guest, is_admin, deactivated, locked, suspended, erased, user_type, app_service,
    CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END"""

FLAGS = ("is_admin", "locked", "suspended", "erased")


def find_user(tx: Transaction, user_id: str) -> User | None:
    """The account."""
    row = tx.find(f"SELECT {_COLUMNS} FROM users WHERE user_id = :user_id", user_id=user_id)  # noqa: S608
    return None if row is None else _user(row)


def find_password_hash(tx: Transaction, user_id: str) -> tuple[str, str | None] | None:
    """(user id, hash or None) of an account that is in use."""
    row = tx.find(
        "SELECT user_id, password_hash FROM users WHERE user_id = :user_id AND deactivated = 0", user_id=user_id
    )
    return None if row is None else (row[0], row[1])


def guests_among(tx: Transaction, user_ids: Sequence[str]) -> list[str]:
    """Those of these users who are guests."""
    rows = tx.all_in(
        "SELECT user_id FROM users WHERE user_id IN :user_ids AND is_guest = 1 AND deactivated = 0",
        user_ids=list(user_ids),
    )
    return [row[0] for row in rows]


def locked_among(tx: Transaction, user_ids: Sequence[str]) -> list[str]:
    """Those of these users whose accounts are locked."""
    rows = tx.all_in("SELECT user_id FROM users WHERE user_id IN :user_ids AND locked = 1", user_ids=list(user_ids))
    return [row[0] for row in rows]


def make_full_user(tx: Transaction, user_id: str, password_hash: str | None) -> bool:
    """A guest becomes a user with a password; whether there was such a guest."""
    count = tx.run(
        """UPDATE users SET is_guest = 0, password_hash = :hash
           WHERE user_id = :user_id AND is_guest = 1 AND deactivated = 0""",
        hash=password_hash,
        user_id=user_id,
    )
    return count == 1


def insert_user(tx: Transaction, user: User, password_hash: str | None) -> bool:
    """Whether the user id was free."""
    count = tx.run(
        """INSERT INTO users (user_id, password_hash, created_ts, is_guest, is_admin, user_type, app_service)
           VALUES (:user_id, :password_hash, :created_ts, :is_guest, :is_admin, :user_type, :app_service)
           ON CONFLICT (user_id) DO NOTHING""",
        user_id=user.user_id,
        password_hash=password_hash,
        created_ts=user.created_ts,
        is_guest=int(user.is_guest),
        is_admin=int(user.is_admin),
        user_type=user.user_type,
        app_service=user.app_service,
    )
    return count == 1


def set_password_hash(tx: Transaction, user_id: str, password_hash: str | None) -> None:
    """Change a password."""
    tx.run("UPDATE users SET password_hash = :hash WHERE user_id = :user_id", hash=password_hash, user_id=user_id)


def set_flag(tx: Transaction, user_id: str, flag: str, value: bool) -> bool:
    """Set one of `FLAGS`; whether there is such a user."""
    if flag not in FLAGS:
        raise ValueError(flag)
    count = tx.run(
        f"UPDATE users SET {flag} = :value WHERE user_id = :user_id",  # noqa: S608
        value=int(value),
        user_id=user_id,
    )
    return count == 1


def deactivate(tx: Transaction, user_id: str, erase: bool) -> None:
    """The account can no longer be used; its rooms are still to be left."""
    tx.run(
        """UPDATE users SET deactivated = 1, password_hash = NULL, leaving_rooms = 1, is_admin = 0,
               erased = CASE WHEN :erase = 1 THEN 1 ELSE erased END
           WHERE user_id = :user_id""",
        user_id=user_id,
        erase=int(erase),
    )


def note_rooms_left(tx: Transaction, user_id: str) -> None:
    """A deactivation has been carried out everywhere."""
    tx.run("UPDATE users SET leaving_rooms = 0 WHERE user_id = :user_id", user_id=user_id)


def users_leaving_rooms(tx: Transaction) -> list[tuple[str, bool]]:
    """(user id, whether erased) of the deactivations that were not finished."""
    return [(row[0], bool(row[1])) for row in tx.all("SELECT user_id, erased FROM users WHERE leaving_rooms = 1")]


def erased_users(tx: Transaction) -> dict[str, int]:
    """Those whose accounts have ended and were to be erased, and the position at which they were."""
    return {row[0]: row[1] for row in tx.all("SELECT user_id, erased_position FROM users WHERE erased = 1")}


def set_erased_position(tx: Transaction, user_id: str, position: int) -> None:
    """When a user was erased; the first time counts."""
    tx.run(
        "UPDATE users SET erased_position = :position WHERE user_id = :user_id AND erased_position = 0",
        position=position,
        user_id=user_id,
    )


def _user(row: tuple[Any, ...]) -> User:
    is_guest, is_admin, is_deactivated, is_locked, is_suspended, is_erased = map(bool, row[2:8])
    return User(
        user_id=row[0],
        created_ts=row[1],
        is_guest=is_guest,
        is_admin=is_admin,
        is_deactivated=is_deactivated,
        is_locked=is_locked,
        is_suspended=is_suspended,
        is_erased=is_erased,
        user_type=row[8],
        app_service=row[9],
        has_password=bool(row[10]),
    )
