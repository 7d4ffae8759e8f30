"""SQL for user-interactive authentication and registration nonces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from homeserver.database import Transaction


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An authentication under way. `completed`: JSON, stage to its result. `result`: what the operation led to."""

    operation: str
    sealed_body: bytes
    completed: str
    result: str | None


def find_session(tx: Transaction, session_hash: bytes, now_ms: int) -> SessionRow | None:
    """A session that has not expired."""
    row = tx.find(
        """SELECT operation, sealed_body, completed, result FROM ui_auth_sessions
           WHERE session_hash = :session_hash AND expires_ts > :now""",
        session_hash=session_hash,
        now=now_ms,
    )
    return None if row is None else SessionRow(*row)


def insert_session(tx: Transaction, row: dict[str, Any]) -> None:
    """Add a session; row: session_hash, operation, sealed_body, completed, expires_ts."""
    tx.run(
        """INSERT INTO ui_auth_sessions (session_hash, operation, sealed_body, completed, expires_ts)
           VALUES (:session_hash, :operation, :sealed_body, :completed, :expires_ts)""",
        **row,
    )


def set_sealed_body(tx: Transaction, session_hash: bytes, sealed_body: bytes) -> None:
    """Set the request of a session that began without one."""
    tx.run(
        "UPDATE ui_auth_sessions SET sealed_body = :sealed_body WHERE session_hash = :session_hash",
        sealed_body=sealed_body,
        session_hash=session_hash,
    )


def set_completed(tx: Transaction, session_hash: bytes, completed: str) -> None:
    """Set the completed stages."""
    tx.run(
        "UPDATE ui_auth_sessions SET completed = :completed WHERE session_hash = :session_hash",
        completed=completed,
        session_hash=session_hash,
    )


def set_result(tx: Transaction, session_hash: bytes, result: str) -> None:
    """Set what the operation led to."""
    tx.run(
        "UPDATE ui_auth_sessions SET result = :result WHERE session_hash = :session_hash",
        result=result,
        session_hash=session_hash,
    )


def delete_session(tx: Transaction, session_hash: bytes) -> None:
    """Forget a session."""
    tx.run("DELETE FROM ui_auth_sessions WHERE session_hash = :session_hash", session_hash=session_hash)


def delete_expired_sessions(tx: Transaction, now_ms: int) -> None:
    """Forget what nobody finished."""
    tx.run("DELETE FROM ui_auth_sessions WHERE expires_ts <= :now", now=now_ms)


def insert_nonce(tx: Transaction, nonce: str, now_ms: int, expires_ts: int) -> None:
    """Add a nonce, and forget those that have expired."""
    tx.run("DELETE FROM registration_nonces WHERE expires_ts <= :now", now=now_ms)
    tx.run(
        "INSERT INTO registration_nonces (nonce, expires_ts) VALUES (:nonce, :expires)",
        nonce=nonce,
        expires=expires_ts,
    )


def take_nonce(tx: Transaction, nonce: str, now_ms: int) -> bool:
    """Whether the nonce was given and not used; it cannot be used again."""
    count = tx.run(
        "DELETE FROM registration_nonces WHERE nonce = :nonce AND expires_ts > :now", nonce=nonce, now=now_ms
    )
    return count == 1
