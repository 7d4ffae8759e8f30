"""The table of tokens."""

from __future__ import annotations

from homeserver.database.tables import Table

OPENID_TOKENS = Table(
    name="openid_tokens",
    owner="openid",
    sql="""
    CREATE TABLE openid_tokens (
        token_hash BYTEA NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL,
        expires_ts BIGINT NOT NULL
    );
    CREATE INDEX openid_tokens_by_user ON openid_tokens (user_id, expires_ts);
    """,
    bound="20 rows a user, each for an hour",
    reaper="openid: with each new one those that have expired and the oldest beyond 20; all with the account",
)

TABLES = [OPENID_TOKENS]
