"""SQL for access tokens and refresh tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from homeserver.database import Transaction


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An access token and its user. `supersedes`: the refresh token that ends with this token's first use."""

    token_nid: int
    user_id: str
    device_id: str | None
    refresh_nid: int | None
    expires_ts: int | None
    validated_ts: int
    supersedes: int | None
    is_guest: bool
    is_admin: bool
    is_deactivated: bool
    is_locked: bool
    is_suspended: bool


@dataclass(frozen=True, slots=True)
class RefreshRow:
    """A refresh token."""

    refresh_nid: int
    user_id: str
    device_id: str
    supersedes: int | None
    expires_ts: int | None
    session_expires_ts: int | None


def find_token(tx: Transaction, token_hash: bytes) -> TokenRow | None:
    """An access token by its hash."""
    row = tx.find(
        """SELECT t.token_nid, t.user_id, t.device_id, t.refresh_nid, t.expires_ts, t.validated_ts, r.supersedes,
               u.is_guest, u.is_admin, u.deactivated, u.locked, u.suspended
           FROM access_tokens t JOIN users u ON u.user_id = t.user_id
               LEFT JOIN refresh_tokens r ON r.refresh_nid = t.refresh_nid
           WHERE t.token_hash = :token_hash""",
        token_hash=token_hash,
    )
    return None if row is None else TokenRow(*row[:7], *(bool(flag) for flag in row[7:]))


def find_validated_ts(tx: Transaction, token_nid: int) -> int:
    """When the user of a token last showed who they are; 0 for an unknown token."""
    return int(tx.value("SELECT validated_ts FROM access_tokens WHERE token_nid = :nid", nid=token_nid) or 0)


def set_validated_ts(tx: Transaction, token_nid: int, now_ms: int) -> None:
    """The user of a token has shown who they are."""
    tx.run("UPDATE access_tokens SET validated_ts = :now WHERE token_nid = :nid", now=now_ms, nid=token_nid)


def insert_token(tx: Transaction, row: dict[str, Any]) -> int:
    """Add an access token; row: token_hash, user_id, device_id, refresh_nid, created_ts, expires_ts, validated_ts."""
    return int(
        tx.insert(
            """INSERT INTO access_tokens
                   (token_hash, user_id, device_id, refresh_nid, created_ts, expires_ts, validated_ts)
               VALUES (:token_hash, :user_id, :device_id, :refresh_nid, :created_ts, :expires_ts, :validated_ts)
               RETURNING token_nid""",
            **row,
        )
    )


def find_refresh(tx: Transaction, token_hash: bytes) -> RefreshRow | None:
    """A refresh token by its hash."""
    row = tx.find(
        """SELECT refresh_nid, user_id, device_id, supersedes, expires_ts, session_expires_ts
           FROM refresh_tokens WHERE token_hash = :token_hash""",
        token_hash=token_hash,
    )
    return None if row is None else RefreshRow(*row)


def insert_refresh(tx: Transaction, row: dict[str, Any]) -> int:
    """Add a refresh token; row: token_hash, user_id, device_id, supersedes, expires_ts, session_expires_ts."""
    return int(
        tx.insert(
            """INSERT INTO refresh_tokens (token_hash, user_id, device_id, supersedes, expires_ts, session_expires_ts)
               VALUES (:token_hash, :user_id, :device_id, :supersedes, :expires_ts, :session_expires_ts)
               RETURNING refresh_nid""",
            **row,
        )
    )


def successors(tx: Transaction, refresh_nid: int) -> list[int]:
    """The refresh tokens had for this one and not used yet, oldest first."""
    rows = tx.all(
        "SELECT refresh_nid FROM refresh_tokens WHERE supersedes = :nid ORDER BY refresh_nid", nid=refresh_nid
    )
    return [row[0] for row in rows]


def find_supersedes(tx: Transaction, refresh_nid: int) -> int | None:
    """The refresh token that this one was had for, where it was not settled yet."""
    value = tx.value("SELECT supersedes FROM refresh_tokens WHERE refresh_nid = :nid", nid=refresh_nid)
    return None if value is None else int(value)


def settle_refresh(tx: Transaction, refresh_nid: int) -> None:
    """A refresh token supersedes nothing any more."""
    tx.run("UPDATE refresh_tokens SET supersedes = NULL WHERE refresh_nid = :nid", nid=refresh_nid)


def delete_refreshes(tx: Transaction, refresh_nids: Sequence[int]) -> None:
    """Remove refresh tokens and the access tokens given with them."""
    rows = [{"nid": nid} for nid in refresh_nids]
    tx.run_many("DELETE FROM access_tokens WHERE refresh_nid = :nid", rows)
    tx.run_many("DELETE FROM refresh_tokens WHERE refresh_nid = :nid", rows)


def delete_tokens_of_devices(tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
    """Remove all tokens of these devices."""
    rows = [{"user_id": user_id, "device_id": device_id} for device_id in device_ids]
    tx.run_many("DELETE FROM access_tokens WHERE user_id = :user_id AND device_id = :device_id", rows)
    tx.run_many("DELETE FROM refresh_tokens WHERE user_id = :user_id AND device_id = :device_id", rows)


def delete_tokens_without_device(tx: Transaction, user_id: str, except_for: int) -> int:
    """Remove a user's tokens that belong to no device; how many there were."""
    return tx.run(
        "DELETE FROM access_tokens WHERE user_id = :user_id AND device_id IS NULL AND token_nid <> :except_for",
        user_id=user_id,
        except_for=except_for,
    )


def delete_token(tx: Transaction, token_nid: int) -> None:
    """Remove one access token."""
    tx.run("DELETE FROM access_tokens WHERE token_nid = :nid", nid=token_nid)


def delete_expired_without_device(tx: Transaction, now_ms: int) -> None:
    """Remove expired tokens that belong to no device. The others tell their client that it can come back."""
    tx.run("DELETE FROM access_tokens WHERE device_id IS NULL AND expires_ts < :now", now=now_ms)
