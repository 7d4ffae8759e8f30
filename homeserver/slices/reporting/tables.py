"""The table of reports."""

from __future__ import annotations

from homeserver.database.tables import Table

REPORTS = Table(
    name="reports",
    owner="reporting",
    # kind: `event`, `room` or `user`; room_id and event_id where they apply; reported_user_id: the user, or the event's
    # sender.
    sql="""
    CREATE TABLE reports (
        report_nid SERIAL8 PRIMARY KEY,
        kind TEXT NOT NULL,
        reporter TEXT NOT NULL,
        room_id TEXT,
        event_id TEXT,
        reported_user_id TEXT,
        reason TEXT,
        received_ts BIGINT NOT NULL
    );
    CREATE INDEX reports_by_reporter ON reports (reporter);
    """,
    bound="1,000 rows a reporter",
    reaper="reporting: the reporter's oldest beyond 1,000; administrators delete what is dealt with",
)

TABLES = [REPORTS]
