"""SQL for validations."""

from __future__ import annotations

from typing import Any

from homeserver.database import Transaction
from homeserver.slices.threepids.records import Purpose, ValidationRequest, ValidationSession

_COLUMNS = "sid, client_secret, address, purpose, send_attempt, token_hash, next_link, validated_ts"


def find_session(tx: Transaction, sid: str, now_ms: int) -> ValidationSession | None:
    """A session that has not expired."""
    row = tx.find(
        f"SELECT {_COLUMNS} FROM threepid_sessions WHERE sid = :sid AND expires_ts > :now",  # noqa: S608
        sid=sid,
        now=now_ms,
    )
    return None if row is None else _session(row)


def find_same(tx: Transaction, request: ValidationRequest) -> ValidationSession | None:
    """The session of an earlier request with the same address, client secret and purpose."""
    row = tx.find(
        f"""SELECT {_COLUMNS} FROM threepid_sessions
            WHERE address = :address AND client_secret = :client_secret AND purpose = :purpose""",  # noqa: S608
        address=request.address,
        client_secret=request.client_secret,
        purpose=request.purpose.value,
    )
    return None if row is None else _session(row)


def insert_session(tx: Transaction, sid: str, request: ValidationRequest, token_hash: bytes, expires_ts: int) -> None:
    """Begin a validation."""
    tx.run(
        """INSERT INTO threepid_sessions
               (sid, client_secret, address, purpose, send_attempt, token_hash, next_link, expires_ts)
           VALUES (:sid, :client_secret, :address, :purpose, :send_attempt, :token_hash, :next_link, :expires)""",
        sid=sid,
        client_secret=request.client_secret,
        address=request.address,
        purpose=request.purpose.value,
        send_attempt=request.send_attempt,
        token_hash=token_hash,
        next_link=request.next_link,
        expires=expires_ts,
    )


def note_attempt(tx: Transaction, sid: str, request: ValidationRequest, token_hash: bytes, expires_ts: int) -> None:
    """A further mail is sent; its link replaces that of the one before."""
    tx.run(
        """UPDATE threepid_sessions SET send_attempt = :send_attempt, token_hash = :token_hash,
               next_link = :next_link, expires_ts = :expires
           WHERE sid = :sid""",
        sid=sid,
        send_attempt=request.send_attempt,
        token_hash=token_hash,
        next_link=request.next_link,
        expires=expires_ts,
    )


def forget_attempt(tx: Transaction, sid: str) -> None:
    """The mail could not be sent: the same attempt may try again."""
    tx.run("UPDATE threepid_sessions SET send_attempt = send_attempt - 1 WHERE sid = :sid", sid=sid)


def set_validated(tx: Transaction, sid: str, now_ms: int, expires_ts: int) -> None:
    """Somebody who has the mail has confirmed."""
    tx.run(
        "UPDATE threepid_sessions SET validated_ts = :now, expires_ts = :expires WHERE sid = :sid",
        now=now_ms,
        expires=expires_ts,
        sid=sid,
    )


def delete_session(tx: Transaction, sid: str) -> bool:
    """Whether the session was still there."""
    return tx.run("DELETE FROM threepid_sessions WHERE sid = :sid", sid=sid) == 1


def delete_expired(tx: Transaction, now_ms: int) -> None:
    """Forget what nobody finished."""
    tx.run("DELETE FROM threepid_sessions WHERE expires_ts <= :now", now=now_ms)


def _session(row: tuple[Any, ...]) -> ValidationSession:
    return ValidationSession(row[0], row[1], row[2], Purpose(row[3]), row[4], bytes(row[5]), row[6], row[7])
