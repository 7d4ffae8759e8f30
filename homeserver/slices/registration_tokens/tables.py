"""The tables of registration tokens."""

from __future__ import annotations

from homeserver.database.tables import Table

TOKENS = Table(
    name="registration_tokens",
    owner="registration_tokens",
    # uses_allowed NULL: any number. completed: accounts that were registered with it. expires_ts NULL: never.
    sql="""
    CREATE TABLE registration_tokens (
        token TEXT NOT NULL PRIMARY KEY,
        uses_allowed BIGINT,
        completed BIGINT NOT NULL DEFAULT 0,
        expires_ts BIGINT
    );
    """,
    bound="one row a token that an administrator made",
    reaper="never: deleted by administrators",
)

PENDING = Table(
    name="registration_token_uses",
    owner="registration_tokens",
    # Registrations under way that have shown a token. Each row ends with its registration, or with its time.
    sql="""
    CREATE TABLE registration_token_uses (
        use_id TEXT NOT NULL PRIMARY KEY,
        token TEXT NOT NULL,
        expires_ts BIGINT NOT NULL
    );
    CREATE INDEX registration_token_uses_by_token ON registration_token_uses (token);
    CREATE INDEX registration_token_uses_by_expiry ON registration_token_uses (expires_ts);
    """,
    bound="registrations begun within the last day",
    reaper="registration_tokens.RegistrationTokens.reserve: expired rows",
)

TABLES = [TOKENS, PENDING]
