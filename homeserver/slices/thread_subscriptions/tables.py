"""The table of subscriptions to threads."""

from __future__ import annotations

from homeserver.database.tables import Table

SUBSCRIPTIONS = Table(
    name="thread_subscriptions",
    owner="thread_subscriptions",
    # state: 'manual', 'automatic' or 'unsubscribed'. position: since when it is so.
    sql="""
    CREATE TABLE thread_subscriptions (
        user_id TEXT NOT NULL,
        room_id TEXT NOT NULL,
        root_id TEXT NOT NULL,
        state TEXT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (user_id, root_id)
    );
    CREATE INDEX thread_subscriptions_by_position ON thread_subscriptions (user_id, position);
    """,
    bound="at most 20,000 rows a user",
    reaper="thread_subscriptions: the oldest unsubscription makes room; all go when the account is deactivated",
)

TABLES = [SUBSCRIPTIONS]
