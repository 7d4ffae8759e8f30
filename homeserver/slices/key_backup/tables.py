"""The tables of key backups."""

from __future__ import annotations

from homeserver.database.tables import Table

KEY_BACKUPS = Table(
    name="key_backups",
    owner="key_backup",
    # `etag` grows with every change of the keys. Those deleted stay, so that no version is given twice.
    sql="""
    CREATE TABLE key_backups (
        user_id TEXT NOT NULL,
        version BIGINT NOT NULL,
        algorithm TEXT NOT NULL,
        auth_data TEXT NOT NULL,
        etag BIGINT NOT NULL DEFAULT 0,
        key_count BIGINT NOT NULL DEFAULT 0,
        is_deleted BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (user_id, version)
    );
    """,
    bound="10,000 rows a user, of at most 64 KiB each while not deleted",
    reaper="key_backup: removed when the account is deactivated",
)

BACKED_UP_KEYS = Table(
    name="backed_up_keys",
    owner="key_backup",
    sql="""
    CREATE TABLE backed_up_keys (
        user_id TEXT NOT NULL,
        version BIGINT NOT NULL,
        room_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        first_message_index BIGINT NOT NULL,
        forwarded_count BIGINT NOT NULL,
        is_verified BIGINT NOT NULL,
        session_data TEXT NOT NULL,
        PRIMARY KEY (user_id, version, room_id, session_id)
    );
    """,
    bound="1,000,000 rows a backup, of at most 64 KiB each",
    reaper="key_backup: removed by their users, with their backup, or when the account is deactivated",
)

TABLES = [KEY_BACKUPS, BACKED_UP_KEYS]
