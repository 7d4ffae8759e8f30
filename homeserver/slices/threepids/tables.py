"""The tables of third-party identifiers."""

from __future__ import annotations

from homeserver.database.tables import Table

USER_THREEPIDS = Table(
    name="user_threepids",
    owner="threepids",
    sql="""
    CREATE TABLE user_threepids (
        medium TEXT NOT NULL,
        address TEXT NOT NULL,
        user_id TEXT NOT NULL,
        validated_ts BIGINT NOT NULL,
        added_ts BIGINT NOT NULL,
        PRIMARY KEY (medium, address)
    );
    CREATE INDEX user_threepids_by_user ON user_threepids (user_id);
    """,
    bound="one row an address that a user has added",
    reaper="never: deleted by its user, or with the account",
)

BINDINGS = Table(
    name="threepid_bindings",
    owner="threepids",
    # Which identity servers were told of which identifier, to be told when it is one no more.
    sql="""
    CREATE TABLE threepid_bindings (
        user_id TEXT NOT NULL,
        medium TEXT NOT NULL,
        address TEXT NOT NULL,
        id_server TEXT NOT NULL,
        PRIMARY KEY (user_id, medium, address, id_server)
    );
    """,
    bound="one row an address that a user has bound at an identity server",
    reaper="never: deleted when it is unbound, or with the account",
)

SESSIONS = Table(
    name="threepid_sessions",
    owner="threepids",
    # token_hash: SHA-256 of the token in the newest mail, which is nowhere stored. purpose: what was written in it.
    sql="""
    CREATE TABLE threepid_sessions (
        sid TEXT NOT NULL PRIMARY KEY,
        client_secret TEXT NOT NULL,
        address TEXT NOT NULL,
        purpose TEXT NOT NULL,
        send_attempt BIGINT NOT NULL,
        token_hash BYTEA NOT NULL,
        next_link TEXT,
        validated_ts BIGINT,
        expires_ts BIGINT NOT NULL
    );
    CREATE UNIQUE INDEX threepid_sessions_by_secret ON threepid_sessions (address, client_secret, purpose);
    CREATE INDEX threepid_sessions_by_expiry ON threepid_sessions (expires_ts);
    """,
    bound="validations begun within the last day",
    reaper="threepids.ValidationSessions.request: expired rows",
)

TABLES = [USER_THREEPIDS, BINDINGS, SESSIONS]
