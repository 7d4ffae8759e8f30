"""The tables of blocked rooms, and of rooms that were closed."""

from __future__ import annotations

from homeserver.database.tables import Table

BLOCKED_ROOMS = Table(
    name="blocked_rooms",
    owner="room_moderation",
    # `user_id`: the administrator. The room need not be known here.
    sql="""
    CREATE TABLE blocked_rooms (
        room_id TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL,
        blocked_ts BIGINT NOT NULL
    );
    """,
    bound="one row a room that administrators have blocked",
    reaper="room_moderation: removed when the room is unblocked",
)

ROOM_CLOSINGS = Table(
    name="room_closings",
    owner="room_moderation",
    # `result` is what became of it, as JSON; NULL until it has ended.
    sql="""
    CREATE TABLE room_closings (
        delete_id TEXT NOT NULL PRIMARY KEY,
        room_id TEXT NOT NULL,
        started_ts BIGINT NOT NULL,
        result BYTEA,
        error TEXT
    );
    CREATE INDEX room_closings_by_room ON room_closings (room_id, started_ts);
    CREATE INDEX room_closings_by_time ON room_closings (started_ts);
    """,
    bound="the closings of a week",
    reaper="room_moderation: each new one removes those begun more than a week ago",
)

TABLES = [BLOCKED_ROOMS, ROOM_CLOSINGS]
