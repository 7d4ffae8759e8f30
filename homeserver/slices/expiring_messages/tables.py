"""The table of messages that are to expire."""

from __future__ import annotations

from homeserver.database.tables import Table

EXPIRING_MESSAGES = Table(
    name="expiring_messages",
    owner="expiring_messages",
    sql="""
    CREATE TABLE expiring_messages (
        event_nid BIGINT NOT NULL PRIMARY KEY,
        room_id TEXT NOT NULL,
        due_ts BIGINT NOT NULL
    );
    CREATE INDEX expiring_messages_by_time ON expiring_messages (due_ts, event_nid);
    """,
    bound="one row a message that is to expire",
    reaper="expiring_messages: removed when the message expires, or is redacted before",
)

TABLES = [EXPIRING_MESSAGES]
