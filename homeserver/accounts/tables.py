"""The tables that hold users, their tokens, and authentications under way."""

from __future__ import annotations

from homeserver.database.tables import Table

USERS = Table(
    name="users",
    owner="accounts",
    # app_service: the application service that registered the user. leaving_rooms: 1 while a deactivation is not
    # carried out everywhere yet. Flags are 0 or 1. erased_position: where `erased` was published.
    sql="""
    CREATE TABLE users (
        user_id TEXT NOT NULL PRIMARY KEY,
        password_hash TEXT,
        created_ts BIGINT NOT NULL,
        is_guest BIGINT NOT NULL DEFAULT 0,
        is_admin BIGINT NOT NULL DEFAULT 0,
        deactivated BIGINT NOT NULL DEFAULT 0,
        locked BIGINT NOT NULL DEFAULT 0,
        suspended BIGINT NOT NULL DEFAULT 0,
        erased BIGINT NOT NULL DEFAULT 0,
        leaving_rooms BIGINT NOT NULL DEFAULT 0,
        user_type TEXT,
        app_service TEXT,
        erased_position BIGINT NOT NULL DEFAULT 0
    );
    """,
    bound="one row an account",
    reaper="never: a deactivated user's id is not given again",
    version=2,
    migrations={2: "ALTER TABLE users ADD COLUMN erased_position BIGINT NOT NULL DEFAULT 0;"},
)

ACCESS_TOKENS = Table(
    name="access_tokens",
    owner="accounts",
    # token_hash: SHA-256 of the token, which is nowhere stored. validated_ts: when the user last showed who they are.
    sql="""
    CREATE TABLE access_tokens (
        token_nid SERIAL8 PRIMARY KEY,
        token_hash BYTEA NOT NULL UNIQUE,
        user_id TEXT NOT NULL,
        device_id TEXT,
        refresh_nid BIGINT,
        created_ts BIGINT NOT NULL,
        expires_ts BIGINT,
        validated_ts BIGINT NOT NULL
    );
    CREATE INDEX access_tokens_by_device ON access_tokens (user_id, device_id);
    CREATE INDEX access_tokens_by_refresh ON access_tokens (refresh_nid);
    """,
    bound="one row a device, and one a refresh under way; those without a device expire",
    reaper="accounts.Sessions.reap: expired tokens without a device; the others go with their device",
)

REFRESH_TOKENS = Table(
    name="refresh_tokens",
    owner="accounts",
    # supersedes: the refresh token this one was had for, valid until this one, or its access token, is first used.
    sql="""
    CREATE TABLE refresh_tokens (
        refresh_nid SERIAL8 PRIMARY KEY,
        token_hash BYTEA NOT NULL UNIQUE,
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        supersedes BIGINT,
        expires_ts BIGINT,
        session_expires_ts BIGINT
    );
    CREATE INDEX refresh_tokens_by_device ON refresh_tokens (user_id, device_id);
    CREATE INDEX refresh_tokens_by_supersedes ON refresh_tokens (supersedes);
    """,
    bound="at most four rows a device",
    reaper="never: go with their device",
)

UI_AUTH_SESSIONS = Table(
    name="ui_auth_sessions",
    owner="accounts",
    # session_hash: SHA-256 of the session id. sealed_body: the request, encrypted with a key made from the session id.
    sql="""
    CREATE TABLE ui_auth_sessions (
        session_hash BYTEA NOT NULL PRIMARY KEY,
        operation TEXT NOT NULL,
        sealed_body BYTEA NOT NULL,
        completed TEXT NOT NULL,
        result TEXT,
        expires_ts BIGINT NOT NULL
    );
    CREATE INDEX ui_auth_sessions_by_expiry ON ui_auth_sessions (expires_ts);
    """,
    bound="sessions of the last day",
    reaper="accounts.UiAuth.reap: a day after they began",
)

REGISTRATION_NONCES = Table(
    name="registration_nonces",
    owner="accounts",
    sql="CREATE TABLE registration_nonces (nonce TEXT NOT NULL PRIMARY KEY, expires_ts BIGINT NOT NULL);",
    bound="nonces of the last minute",
    reaper="accounts.SharedSecretRegistration.new_nonce: expired rows",
)

TABLES = [USERS, ACCESS_TOKENS, REFRESH_TOKENS, UI_AUTH_SESSIONS, REGISTRATION_NONCES]
