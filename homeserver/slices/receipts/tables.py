"""The receipts table."""

from __future__ import annotations

from homeserver.database.tables import Table

RECEIPTS = Table(
    name="receipts",
    owner="receipts",
    sql="""
    CREATE TABLE receipts (
        room_nid BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        receipt_type TEXT NOT NULL,
        thread_id TEXT NOT NULL,
        event_id TEXT NOT NULL,
        depth BIGINT NOT NULL,
        event_nid BIGINT NOT NULL,
        read_ts BIGINT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (room_nid, user_id, receipt_type, thread_id)
    );
    CREATE INDEX receipts_by_position ON receipts (room_nid, position);
    """,
    bound="one row a user, room, type and thread",
    reaper="never: goes with its room",
    version=2,
    migrations={2: "ALTER TABLE receipts DROP COLUMN read_position;"},
)

TABLES = [RECEIPTS]
