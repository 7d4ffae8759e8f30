"""The tables of where users are, and of events that count differently for some."""

from __future__ import annotations

from homeserver.database.tables import Table

READ_PLACES = Table(
    name="read_places",
    owner="notifications",
    # thread_id: "main" or a thread's root, up to where the user has read that; "" what is read of everything, which
    # begins at the join; "*" of all threads; "-" from where on events count by the predefined rules. The counters
    # are those of the timeline at that place (of the main timeline for "", "main" and "-").
    sql="""
    CREATE TABLE read_places (
        user_id TEXT NOT NULL,
        room_nid BIGINT NOT NULL,
        thread_id TEXT NOT NULL,
        position BIGINT NOT NULL,
        event_nid BIGINT NOT NULL,
        notifying BIGINT NOT NULL,
        highlighting BIGINT NOT NULL,
        PRIMARY KEY (user_id, room_nid, thread_id)
    );
    CREATE INDEX read_places_uncounted ON read_places (room_nid, position) WHERE thread_id = '-';
    """,
    bound="four rows a local user and room joined, and one a thread read since not all of them were",
    reaper="notifications: deleted when more is read than they say, and at a leave",
)

UNREAD_EXCEPTIONS = Table(
    name="unread_exceptions",
    owner="notifications",
    # An event that counts for a user as said here, and not as base_notify and base_highlight say for all others. The
    # user "" is everybody: the event was redacted.
    sql="""
    CREATE TABLE unread_exceptions (
        room_nid BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        position BIGINT NOT NULL,
        event_nid BIGINT NOT NULL,
        thread_id TEXT NOT NULL,
        notify BIGINT NOT NULL,
        highlight BIGINT NOT NULL,
        base_notify BIGINT NOT NULL,
        base_highlight BIGINT NOT NULL,
        PRIMARY KEY (room_nid, user_id, position, event_nid)
    );
    CREATE INDEX unread_exceptions_by_event ON unread_exceptions (event_nid);
    """,
    bound="one row an unread event that names a user or meets a rule of theirs, and one a redacted event that notified",
    reaper="notifications.Notifications.reap: what is read; also deleted when it is read, and at a leave",
)

TABLES = [READ_PLACES, UNREAD_EXCEPTIONS]
