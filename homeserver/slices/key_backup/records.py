"""Backups and the keys in them, and which of two keys is better.

https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.protocol.errors import MatrixError, bad_json, invalid_param, missing_param
from homeserver.protocol.ids import is_short_enough

Json = dict[str, Any]

GREATEST_BYTES = 65_536
_GREATEST_NUMBER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup. `version`, a number, is a string for clients; `etag` changes whenever keys do."""

    version: int
    algorithm: str
    auth_data: Json | str
    etag: int
    key_count: int

    def client_format(self) -> Json:
        """As `GET /room_keys/version` shows it."""
        return {
            "version": str(self.version),
            "algorithm": self.algorithm,
            "auth_data": self.auth_data,
            **self.state(),
        }

    def state(self) -> Json:
        """`count` and `etag`."""
        return {"count": self.key_count, "etag": str(self.etag)}


@dataclass(frozen=True, slots=True)
class BackedUpKey:
    """The key of a session of a room. `session_data` is JSON."""

    room_id: str
    session_id: str
    first_message_index: int
    forwarded_count: int
    is_verified: bool
    session_data: str

    def is_better_than(self, other: BackedUpKey) -> bool:
        """Whether this one replaces the other in a backup."""
        return self._rank() < other._rank()

    def client_format(self) -> Json:
        """As a client uploaded it."""
        return {
            "first_message_index": self.first_message_index,
            "forwarded_count": self.forwarded_count,
            "is_verified": self.is_verified,
            "session_data": msgspec.Raw(self.session_data.encode()),
        }

    def _rank(self) -> tuple[bool, int, int]:
        return (not self.is_verified, self.first_message_index, self.forwarded_count)


def read_backup(body: Json) -> tuple[str, Json | str]:
    """(`algorithm`, `auth_data`) of a new backup, or of what is to be changed; 400 for other shapes, 413."""
    algorithm, auth_data = _get(body, "algorithm"), _get(body, "auth_data")
    if not isinstance(algorithm, str) or not algorithm or not is_short_enough(algorithm):
        raise bad_json("algorithm: must be a string of at most 255 bytes.")
    if not isinstance(auth_data, dict | str):
        raise bad_json("auth_data: must be an object, or a string.")
    _encoded("auth_data", auth_data)
    return algorithm, auth_data


def read_rooms(body: Json) -> list[BackedUpKey]:
    """The keys of `{"rooms": {room id: {"sessions": {session id: key}}}}`."""
    rooms = _get(body, "rooms")
    if not isinstance(rooms, dict):
        raise bad_json("rooms: must be an object.")
    return [key for room_id, room in rooms.items() for key in read_sessions(room_id, room)]


def read_sessions(room_id: str, body: Any) -> Iterator[BackedUpKey]:
    """The keys of `{"sessions": {session id: key}}`."""
    sessions = _get(body, "sessions") if isinstance(body, dict) else None
    if not isinstance(sessions, dict):
        raise bad_json("sessions: must be an object.")
    for session_id, key in sessions.items():
        yield read_key(room_id, session_id, key)


def read_key(room_id: str, session_id: str, body: Any) -> BackedUpKey:
    """The key of a session; 400 for another shape, 413 for one that is too large."""
    for name, text in (("room ID", room_id), ("session ID", session_id)):
        if not text or not is_short_enough(text) or "\0" in text:
            raise invalid_param(f"A {name} has 1 to 255 bytes.")
    if not isinstance(body, dict):
        raise bad_json("A key must be an object.")
    is_verified, session_data = _get(body, "is_verified"), _get(body, "session_data")
    if not isinstance(is_verified, bool):
        raise bad_json("is_verified: must be true or false.")
    if not isinstance(session_data, dict | str):
        raise bad_json("session_data: must be an object, or a string.")
    return BackedUpKey(
        room_id=room_id,
        session_id=session_id,
        first_message_index=_number(body, "first_message_index"),
        forwarded_count=_number(body, "forwarded_count"),
        is_verified=is_verified,
        session_data=_encoded("session_data", session_data),
    )


def _number(body: Json, name: str) -> int:
    value = _get(body, name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _GREATEST_NUMBER:
        raise bad_json(f"{name}: must be a number, not below 0.")
    return value


def _get(body: Json, name: str) -> Any:
    if name not in body:
        raise missing_param(f"{name}: is missing.")
    return body[name]


def _encoded(name: str, value: Json | str) -> str:
    encoded = msgspec.json.encode(value)
    if len(encoded) > GREATEST_BYTES:
        raise MatrixError(413, "M_TOO_LARGE", f"{name}: has at most {GREATEST_BYTES} bytes.")
    return encoded.decode()
