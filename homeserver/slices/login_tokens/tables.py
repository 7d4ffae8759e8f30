"""The table of login tokens."""

from __future__ import annotations

from homeserver.database.tables import Table

LOGIN_TOKENS = Table(
    name="login_tokens",
    owner="login_tokens",
    # token_hash: SHA-256 of the token, which is nowhere stored.
    sql="""
    CREATE TABLE login_tokens (
        token_hash BYTEA NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL,
        expires_ts BIGINT NOT NULL
    );
    CREATE INDEX login_tokens_by_expiry ON login_tokens (expires_ts);
    """,
    bound="tokens of the last minutes that nobody has used",
    reaper="login_tokens.LoginTokens.create: expired rows",
)

TABLES = [LOGIN_TOKENS]
