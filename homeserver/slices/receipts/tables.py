"""The receipts table."""

from __future__ import annotations

from homeserver.database.tables import Table

RECEIPTS = Table(
    name="receipts",
    owner="receipts",
    # read_position is where in the server's order the event was published: what came after it is unread.
    sql="""
    CREATE TABLE receipts (
        room_nid BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        receipt_type TEXT NOT NULL,
        thread_id TEXT NOT NULL,
        event_id TEXT NOT NULL,
        depth BIGINT NOT NULL,
        event_nid BIGINT NOT NULL,
        read_position BIGINT NOT NULL,
        read_ts BIGINT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (room_nid, user_id, receipt_type, thread_id)
    );
    CREATE INDEX receipts_by_position ON receipts (room_nid, position);
    """,
    bound="one row a user, room, type and thread",
    reaper="never: goes with its room",
)

TABLES = [RECEIPTS]
