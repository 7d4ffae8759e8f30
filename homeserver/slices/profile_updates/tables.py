"""The table of changed profile fields."""

from __future__ import annotations

from homeserver.database.tables import Table

CHANGES = Table(
    name="profile_changes",
    owner="profile_updates",
    sql="""
    CREATE TABLE profile_changes (
        user_id TEXT NOT NULL,
        field TEXT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (user_id, field)
    );
    CREATE INDEX profile_changes_by_position ON profile_changes (position);
    """,
    bound="the 200 fields of a local user that changed last",
    reaper="profile_updates: those that are more go as others change",
)

TABLES = [CHANGES]
