"""Authentication sessions in the database.

A session's row cannot be read without the session id, which only its client has: the row is found by the id's hash, and
the request in it (which may hold a new password) is encrypted with a key made from the id.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from nacl.secret import SecretBox

from homeserver.accounts import queries_sessions as queries
from homeserver.accounts import queries_tokens
from homeserver.database import Database, Transaction
from homeserver.devices.records import wall_clock_ms
from homeserver.protocol.errors import not_found

LIFETIME_MS = 24 * 3_600_000
_RANDOM_BYTES = 24


@dataclass(frozen=True, slots=True)
class UiAuthSession:
    """One authentication. `completed`: stage to result. `result`: what the operation led to, if it was carried out."""

    session_id: str
    operation: str
    body: dict[str, Any] = field(repr=False)
    completed: dict[str, Any] = field(default_factory=dict)
    result: str | None = None
    is_saved: bool = False

    @classmethod
    def unsaved(cls, operation: str, body: dict[str, Any]) -> UiAuthSession:
        """A session that exists in memory only: most are over with the request that begins them."""
        return cls(secrets.token_urlsafe(_RANDOM_BYTES), operation, body)

    @property
    def saved_id(self) -> str | None:
        """The id, where the database has the session."""
        return self.session_id if self.is_saved else None


class UiAuthSessions:
    """Keeps sessions. `fresh_ms`: so long after having shown who they are, a user need not show it again."""

    def __init__(self, database: Database, fresh_ms: int = 0, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._fresh_ms = fresh_ms
        self._clock = clock

    async def begin(self, operation: str, body: dict[str, Any]) -> UiAuthSession:
        """A new session, saved."""
        return await self.saved(UiAuthSession.unsaved(operation, body))

    async def saved(self, session: UiAuthSession) -> UiAuthSession:
        """The session, in the database."""
        if session.is_saved:
            return session
        row = {
            "session_hash": _hash(session.session_id),
            "operation": session.operation,
            "sealed_body": _seal(session.session_id, session.body),
            "completed": _json(session.completed),
            "expires_ts": self._clock() + LIFETIME_MS,
        }
        await self._database.transact(queries.insert_session, row)
        return dataclasses.replace(session, is_saved=True)

    async def find(self, session_id: str) -> UiAuthSession | None:
        """A session that has not expired."""
        row = await self._database.glance(queries.find_session, _hash(session_id), self._clock())
        if row is None:
            return None
        body = _open(session_id, row.sealed_body)
        return UiAuthSession(session_id, row.operation, body, msgspec.json.decode(row.completed), row.result, True)

    async def with_body(self, session: UiAuthSession, body: dict[str, Any]) -> UiAuthSession:
        """The session with the request it is for."""
        sealed = _seal(session.session_id, body)
        await self._database.transact(queries.set_sealed_body, _hash(session.session_id), sealed)
        return dataclasses.replace(session, body=body)

    async def completed(self, session: UiAuthSession, stage_type: str, result: Any) -> UiAuthSession:
        """The session after a stage was completed."""
        if not session.is_saved:
            return dataclasses.replace(session, completed={**session.completed, stage_type: result})
        return dataclasses.replace(session, completed=await self.complete(session.session_id, stage_type, result))

    async def complete(self, session_id: str, stage_type: str, result: Any) -> dict[str, Any]:
        """Note a completed stage; all of them. 404 `M_NOT_FOUND` for an unknown session."""
        digest = _hash(session_id)
        lock = f"ui_auth:{digest.hex()}"
        return await self._database.transact(self._complete, digest, stage_type, result, locks=(lock,))

    def result_recorder(self, session_id: str | None) -> Callable[[Transaction, str], None]:
        """Records within a transaction what the operation led to."""

        def record(tx: Transaction, result: str) -> None:
            if session_id is not None:
                queries.set_result(tx, _hash(session_id), result)

        return record

    async def end(self, session_id: str) -> None:
        """Forget a session."""
        await self._database.transact(queries.delete_session, _hash(session_id))

    async def is_fresh(self, token_nid: int, at_least_ms: int = 0) -> bool:
        """Whether the user of a token showed who they are a short while ago: as the configuration says, or within
        `at_least_ms`."""
        fresh_ms = max(self._fresh_ms, at_least_ms)
        if not fresh_ms or not token_nid:
            return False
        validated_ts = await self._database.glance(queries_tokens.find_validated_ts, token_nid)
        return self._clock() - validated_ts < fresh_ms

    async def note_fresh(self, token_nid: int) -> None:
        """The user of a token has shown who they are."""
        if self._fresh_ms and token_nid:
            await self._database.transact(queries_tokens.set_validated_ts, token_nid, self._clock())

    async def reap(self) -> None:
        """Forget sessions that nobody finished."""
        await self._database.transact(queries.delete_expired_sessions, self._clock())

    def _complete(self, tx: Transaction, digest: bytes, stage_type: str, result: Any) -> dict[str, Any]:
        row = queries.find_session(tx, digest, self._clock())
        if row is None:
            raise not_found("The authentication session is not known or has expired.")
        completed: dict[str, Any] = {**msgspec.json.decode(row.completed), stage_type: result}
        queries.set_completed(tx, digest, _json(completed))
        return completed


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _hash(session_id: str) -> bytes:
    return hashlib.sha256(b"ui-auth row " + session_id.encode("utf-8", "surrogatepass")).digest()


def _box(session_id: str) -> SecretBox:
    return SecretBox(hashlib.sha256(b"ui-auth key " + session_id.encode("utf-8", "surrogatepass")).digest())


def _seal(session_id: str, body: dict[str, Any]) -> bytes:
    return bytes(_box(session_id).encrypt(msgspec.json.encode(body)))


def _open(session_id: str, sealed: bytes) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(_box(session_id).decrypt(sealed))
    return body
