"""The table of the rooms in which users get server notices."""

from __future__ import annotations

from homeserver.database.tables import Table

NOTICE_ROOMS = Table(
    name="notice_rooms",
    owner="server_notices",
    sql="""
    CREATE TABLE notice_rooms (
        user_id TEXT NOT NULL PRIMARY KEY,
        room_id TEXT NOT NULL
    );
    """,
    bound="one row a local user who ever got a notice",
    reaper="server_notices: removed when the account is deactivated",
)

TABLES = [NOTICE_ROOMS]
