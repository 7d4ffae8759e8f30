"""SQL for registration tokens."""

from __future__ import annotations

from typing import Any

from homeserver.database import Transaction
from homeserver.slices.registration_tokens.records import RegistrationToken

# One statement, so that a use which is completed meanwhile is counted once: as pending or as completed.
_SELECT = """SELECT t.token, t.uses_allowed, t.completed, t.expires_ts,
       (SELECT COUNT(*) FROM registration_token_uses u WHERE u.token = t.token AND u.expires_ts > :now)
   FROM registration_tokens t"""


def find_token(tx: Transaction, token: str, now_ms: int) -> RegistrationToken | None:
    """A token by its text."""
    row = tx.find(f"{_SELECT} WHERE t.token = :token", token=token, now=now_ms)
    return None if row is None else RegistrationToken(*row)


def all_tokens(tx: Transaction, now_ms: int) -> list[RegistrationToken]:
    """Every token, in order of its text."""
    return [RegistrationToken(*row) for row in tx.all(f"{_SELECT} ORDER BY t.token", now=now_ms)]


def insert_token(tx: Transaction, token: RegistrationToken) -> bool:
    """Whether there was no such token."""
    count = tx.run(
        """INSERT INTO registration_tokens (token, uses_allowed, expires_ts) VALUES (:token, :uses_allowed, :expires)
           ON CONFLICT (token) DO NOTHING""",
        token=token.token,
        uses_allowed=token.uses_allowed,
        expires=token.expires_ts,
    )
    return count == 1


def update_token(tx: Transaction, token: str, row: dict[str, Any]) -> None:
    """Change a token; row: uses_allowed, expires_ts."""
    tx.run(
        "UPDATE registration_tokens SET uses_allowed = :uses_allowed, expires_ts = :expires_ts WHERE token = :token",
        token=token,
        **row,
    )


def delete_token(tx: Transaction, token: str) -> bool:
    """Whether there was such a token."""
    tx.run("DELETE FROM registration_token_uses WHERE token = :token", token=token)
    return tx.run("DELETE FROM registration_tokens WHERE token = :token", token=token) == 1


def insert_use(tx: Transaction, use_id: str, token: str, expires_ts: int) -> None:
    """A registration has shown a token."""
    tx.run(
        "INSERT INTO registration_token_uses (use_id, token, expires_ts) VALUES (:use_id, :token, :expires)",
        use_id=use_id,
        token=token,
        expires=expires_ts,
    )


def complete_use(tx: Transaction, use_id: str, token: str) -> None:
    """The registration has succeeded."""
    tx.run("DELETE FROM registration_token_uses WHERE use_id = :use_id", use_id=use_id)
    tx.run("UPDATE registration_tokens SET completed = completed + 1 WHERE token = :token", token=token)


def delete_expired_uses(tx: Transaction, now_ms: int) -> None:
    """Forget registrations that nobody finished."""
    tx.run("DELETE FROM registration_token_uses WHERE expires_ts <= :now", now=now_ms)
