"""SQL for login tokens."""

from __future__ import annotations

from homeserver.database import Transaction


def insert_token(tx: Transaction, token_hash: bytes, user_id: str, expires_ts: int) -> None:
    """Add a token."""
    tx.run(
        "INSERT INTO login_tokens (token_hash, user_id, expires_ts) VALUES (:token_hash, :user_id, :expires)",
        token_hash=token_hash,
        user_id=user_id,
        expires=expires_ts,
    )


def take_token(tx: Transaction, token_hash: bytes, now_ms: int) -> str | None:
    """Whose the token is; it cannot be used again."""
    user_id: str | None = tx.value(
        "SELECT user_id FROM login_tokens WHERE token_hash = :token_hash AND expires_ts > :now",
        token_hash=token_hash,
        now=now_ms,
    )
    # Who deletes the row has it: of two who saw it, one.
    count = tx.run("DELETE FROM login_tokens WHERE token_hash = :token_hash", token_hash=token_hash)
    return user_id if count == 1 else None


def delete_expired(tx: Transaction, now_ms: int) -> None:
    """Forget what nobody used."""
    tx.run("DELETE FROM login_tokens WHERE expires_ts <= :now", now=now_ms)


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove all of a user's."""
    tx.run("DELETE FROM login_tokens WHERE user_id = :user_id", user_id=user_id)
