"""The tables of people who can be found, and of rooms everybody may look into."""

from __future__ import annotations

from homeserver.database.tables import Table

USER_DIRECTORY = Table(
    name="user_directory",
    owner="user_directory",
    # searched: user id and display name, folded for comparison.
    sql="""
    CREATE TABLE user_directory (
        user_id TEXT NOT NULL PRIMARY KEY,
        display_name TEXT,
        avatar_url TEXT,
        searched TEXT NOT NULL
    );
    """,
    bound="one row a user this server has met",
    reaper="user_directory: deleted with a local account; users of other servers stay as long as their rooms",
)

OPEN_ROOMS = Table(
    name="open_rooms",
    owner="user_directory",
    sql="CREATE TABLE open_rooms (room_nid BIGINT NOT NULL PRIMARY KEY);",
    bound="one row a room that is public or readable by everybody",
    reaper="user_directory: deleted when the room is so no more",
)

TABLES = [USER_DIRECTORY, OPEN_ROOMS]
