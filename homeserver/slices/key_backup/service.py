"""Making backups, and putting keys into the latest one.

https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, invalid_param, not_found
from homeserver.slices.key_backup import queries
from homeserver.slices.key_backup.records import BackedUpKey, Backup, Json

MOST_BACKUPS = 10_000
MOST_KEYS = 1_000_000
_GREATEST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Part:
    """A backup of a user's as a request names it: all keys, those of a room, or that of a session."""

    user_id: str
    version: str
    room_id: str | None = None
    session_id: str | None = None

    @property
    def number(self) -> int:
        """The version as a number; 0, which is none, for what is no version."""
        is_one = self.version.isascii() and self.version.isdigit() and len(self.version) <= _GREATEST_DIGITS
        return int(self.version) if is_one else 0


class KeyBackup:
    """The backups of local users. `deactivate` takes part in the transaction of `AccountHooks.on_deactivated`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, user_id: str, algorithm: str, auth_data: Json | str) -> str:
        """Begin a new backup; its version. 400 `M_LIMIT_EXCEEDED` for one too many."""
        locks = _locks(user_id)
        return str(await self._database.transact(self._create, user_id, algorithm, auth_data, locks=locks))

    async def get_current(self, user_id: str) -> Backup:
        """The latest backup; 404 `M_NOT_FOUND`."""
        current = await self._database.glance(queries.find_current, user_id)
        if current is None:
            raise _no_backup()
        return current

    async def get(self, part: Part) -> Backup:
        """A backup; 404 `M_NOT_FOUND`."""
        return await self._database.glance(_get_backup, part)

    async def update(self, part: Part, algorithm: str, auth_data: Json | str) -> None:
        """Change `auth_data`; 400 `M_INVALID_PARAM` for another algorithm, 404 `M_NOT_FOUND`."""
        await self._database.transact(self._update, part, algorithm, auth_data, locks=_locks(part.user_id))

    async def delete(self, part: Part) -> None:
        """Delete a backup and its keys, unless that was done before; 404 `M_NOT_FOUND` for what never was."""
        await self._database.transact(self._delete, part, locks=_locks(part.user_id))

    async def put_keys(self, part: Part, keys: Sequence[BackedUpKey]) -> Json:
        """Put keys where there are none, or worse ones; `count` and `etag`.

        Raises 404 `M_NOT_FOUND` without a backup, 403 `M_WRONG_ROOM_KEYS_VERSION` with `current_version`.
        """
        backup = await self._database.transact(self._put_keys, part, keys, locks=_locks(part.user_id))
        return backup.state()

    async def keys(self, part: Part) -> list[BackedUpKey]:
        """The keys of a part; 404 `M_NOT_FOUND` for no backup."""
        return await self._database.read(self._keys, part)

    async def delete_keys(self, part: Part) -> Json:
        """Delete the keys of a part; `count` and `etag`. 404 `M_NOT_FOUND` for no backup."""
        backup = await self._database.transact(self._delete_keys, part, locks=_locks(part.user_id))
        return backup.state()

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended: nobody can read this any more."""
        queries.delete_user(tx, user_id)

    def _create(self, tx: Transaction, user_id: str, algorithm: str, auth_data: Json | str) -> int:
        version = queries.insert_backup(tx, user_id, algorithm, auth_data)
        if version > MOST_BACKUPS:
            raise MatrixError(400, "M_LIMIT_EXCEEDED", f"A user can make at most {MOST_BACKUPS} backups.")
        return version

    def _update(self, tx: Transaction, part: Part, algorithm: str, auth_data: Json | str) -> None:
        if _get_backup(tx, part).algorithm != algorithm:
            raise invalid_param("algorithm: cannot be changed.")
        queries.write_auth_data(tx, part.user_id, part.number, auth_data)

    def _delete(self, tx: Transaction, part: Part) -> None:
        if queries.find_backup(tx, part.user_id, part.number) is None:
            raise _no_backup()
        queries.delete_backup(tx, part.user_id, part.number)

    def _put_keys(self, tx: Transaction, part: Part, keys: Sequence[BackedUpKey]) -> Backup:
        current = queries.find_current(tx, part.user_id)
        if current is None:
            raise _no_backup()
        if current.version != part.number:
            raise MatrixError(
                403,
                "M_WRONG_ROOM_KEYS_VERSION",
                "Keys can be written to the latest backup only.",
                current_version=str(current.version),
            )
        known = _by_session(self._known(tx, part, keys))
        better = [key for one, key in _by_session(keys).items() if one not in known or key.is_better_than(known[one])]
        count = current.key_count + len(_by_session(better).keys() - known.keys())
        if count > MOST_KEYS:
            raise MatrixError(400, "M_LIMIT_EXCEEDED", f"A backup holds at most {MOST_KEYS} keys.")
        if better:
            queries.write_keys(tx, part.user_id, part.number, better)
            queries.write_state(tx, part.user_id, part.number, current.etag + 1, count)
        return _get_backup(tx, part)

    def _known(self, tx: Transaction, part: Part, keys: Iterable[BackedUpKey]) -> list[BackedUpKey]:
        by_room: dict[str, list[str]] = {}
        for key in keys:
            by_room.setdefault(key.room_id, []).append(key.session_id)
        return [
            known
            for room_id, session_ids in by_room.items()
            for known in queries.keys_of_sessions(tx, part.user_id, part.number, room_id, session_ids)
        ]

    def _keys(self, tx: Transaction, part: Part) -> list[BackedUpKey]:
        _get_backup(tx, part)
        return queries.keys_of(tx, part.user_id, part.number, part.room_id, part.session_id)

    def _delete_keys(self, tx: Transaction, part: Part) -> Backup:
        backup = _get_backup(tx, part)
        deleted = queries.delete_keys(tx, part.user_id, part.number, part.room_id, part.session_id)
        if deleted:
            count = backup.key_count - deleted
            queries.write_state(tx, part.user_id, part.number, backup.etag + 1, count)
        return _get_backup(tx, part)


def _get_backup(tx: Transaction, part: Part) -> Backup:
    found = queries.find_backup(tx, part.user_id, part.number)
    if found is None or found[1]:
        raise _no_backup()
    return found[0]


def _by_session(keys: Iterable[BackedUpKey]) -> dict[tuple[str, str], BackedUpKey]:
    return {(key.room_id, key.session_id): key for key in keys}


def _locks(user_id: str) -> tuple[str]:
    return (f"key_backup:{user_id}",)


def _no_backup() -> MatrixError:
    return not_found("There is no such backup.")
