"""SQL for previews."""

from __future__ import annotations

from homeserver.database import Transaction


def find_preview(tx: Transaction, url_sha256: str, now_ms: int) -> tuple[bytes | None] | None:
    """A preview that still holds, as JSON; (None,) where there could be none."""
    row = tx.find(
        "SELECT answer FROM url_previews WHERE url_sha256 = :url AND expires_ts > :now", url=url_sha256, now=now_ms
    )
    return None if row is None else (None if row[0] is None else bytes(row[0]),)


def write_preview(tx: Transaction, url_sha256: str, answer: bytes | None, expires_ts: int) -> None:
    """Keep a preview."""
    tx.run(
        """INSERT INTO url_previews (url_sha256, answer, expires_ts) VALUES (:url, :answer, :expires_ts)
           ON CONFLICT (url_sha256) DO UPDATE SET answer = :answer, expires_ts = :expires_ts""",
        url=url_sha256,
        answer=answer,
        expires_ts=expires_ts,
    )


def delete_expired(tx: Transaction, now_ms: int) -> None:
    """Forget what holds no more."""
    tx.run("DELETE FROM url_previews WHERE expires_ts <= :now", now=now_ms)
