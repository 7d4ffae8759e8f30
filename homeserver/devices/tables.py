"""The devices table."""

from __future__ import annotations

from homeserver.database.tables import Table

DEVICES = Table(
    name="devices",
    owner="devices",
    sql="""
    CREATE TABLE devices (
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        display_name TEXT,
        created_ts BIGINT NOT NULL,
        last_seen_ts BIGINT,
        last_seen_ip TEXT,
        user_agent TEXT,
        PRIMARY KEY (user_id, device_id)
    );
    """,
    bound="one row a login that was not logged out",
    reaper="never: users remove their devices",
)

TABLES = [DEVICES]
