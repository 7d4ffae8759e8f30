"""The tables of the directory."""

from __future__ import annotations

from homeserver.database.tables import Table

ALIASES = Table(
    name="room_aliases",
    owner="directory",
    sql="""
    CREATE TABLE room_aliases (
        alias TEXT NOT NULL PRIMARY KEY,
        room_id TEXT NOT NULL,
        creator TEXT NOT NULL
    );
    CREATE INDEX room_aliases_by_room ON room_aliases (room_id);
    """,
    bound="one row an alias of this server",
    reaper="never: deleted by their owners",
)

PUBLISHED = Table(
    name="published_rooms",
    owner="directory",
    sql="CREATE TABLE published_rooms (room_id TEXT NOT NULL PRIMARY KEY);",
    bound="one row a room listed",
    reaper="never: unlisted by the room's owners",
)

TABLES = [ALIASES, PUBLISHED]
