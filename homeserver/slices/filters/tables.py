"""The filters table."""

from __future__ import annotations

from homeserver.database.tables import Table

FILTERS = Table(
    name="filters",
    owner="filters",
    # filter_id is made from the filter, so that equal ones of a user are one row.
    sql="""
    CREATE TABLE filters (
        user_id TEXT NOT NULL,
        filter_id TEXT NOT NULL,
        filter TEXT NOT NULL,
        created_ts BIGINT NOT NULL,
        PRIMARY KEY (user_id, filter_id)
    );
    """,
    bound="at most 1,000 rows a user, each of at most 64 KiB",
    reaper="filters: one too many removes the user's oldest, a deactivation all",
)

TABLES = [FILTERS]
