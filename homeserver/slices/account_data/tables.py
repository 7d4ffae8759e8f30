"""The account data table."""

from __future__ import annotations

from homeserver.database.tables import Table

ACCOUNT_DATA = Table(
    name="account_data",
    owner="account_data",
    # room_id is empty for what belongs to no room.
    sql="""
    CREATE TABLE account_data (
        user_id TEXT NOT NULL,
        room_id TEXT NOT NULL,
        type TEXT NOT NULL,
        content TEXT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (user_id, room_id, type)
    );
    CREATE INDEX account_data_by_position ON account_data (user_id, position);
    """,
    bound="at most 20,000 rows a user, each of at most 1 MiB",
    reaper="account_data: removed when the account is deactivated",
)

TABLES = [ACCOUNT_DATA]
