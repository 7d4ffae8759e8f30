"""SQL for tokens."""

from __future__ import annotations

from homeserver.database import Transaction


def insert_token(tx: Transaction, token_hash: bytes, user_id: str, expires_ts: int) -> None:
    """Add a token."""
    tx.run(
        "INSERT INTO openid_tokens (token_hash, user_id, expires_ts) VALUES (:hash, :user, :expires)",
        hash=token_hash,
        user=user_id,
        expires=expires_ts,
    )


def delete_old(tx: Transaction, user_id: str, now_ms: int, keep: int) -> None:
    """Forget a user's tokens that have expired, and the oldest beyond so many."""
    tx.run(
        """DELETE FROM openid_tokens WHERE user_id = :user AND (expires_ts <= :now OR token_hash NOT IN (
               SELECT token_hash FROM openid_tokens WHERE user_id = :user ORDER BY expires_ts DESC LIMIT :keep))""",
        user=user_id,
        now=now_ms,
        keep=keep,
    )


def find_user(tx: Transaction, token_hash: bytes, now_ms: int) -> str | None:
    """Whose a token is, while it counts."""
    row = tx.find(
        "SELECT user_id FROM openid_tokens WHERE token_hash = :hash AND expires_ts > :now", hash=token_hash, now=now_ms
    )
    return None if row is None else str(row[0])


def delete_user(tx: Transaction, user_id: str) -> None:
    """An account has ended."""
    tx.run("DELETE FROM openid_tokens WHERE user_id = :user", user=user_id)
