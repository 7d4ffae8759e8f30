"""The table of dehydrated devices."""

from __future__ import annotations

from homeserver.database.tables import Table

DEHYDRATED_DEVICES = Table(
    name="dehydrated_devices",
    owner="dehydrated_devices",
    # `device_data`: what the client needs to be that device again, encrypted with a key that the server does not have.
    sql="""
    CREATE TABLE dehydrated_devices (
        user_id TEXT NOT NULL PRIMARY KEY,
        device_id TEXT NOT NULL,
        device_data TEXT NOT NULL
    );
    """,
    bound="one row of at most 64 KiB a user",
    reaper="dehydrated_devices: goes with its device",
)

TABLES = [DEHYDRATED_DEVICES]
