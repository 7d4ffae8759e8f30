"""The table of delayed events."""

from __future__ import annotations

from homeserver.database.tables import Table

DELAYED_EVENTS = Table(
    name="delayed_events",
    owner="delayed_events",
    # `device_id`, `scope` and `txn_id`: the request that scheduled it, where it had a transaction id. `due_ts` is
    # `scheduled_ts` and `delay_ms`. With `finalised_ts` it is over: sent where there is an `event_id`, else cancelled.
    sql="""
    CREATE TABLE delayed_events (
        delay_id TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL,
        device_id TEXT,
        scope TEXT,
        txn_id TEXT,
        room_id TEXT NOT NULL,
        type TEXT NOT NULL,
        state_key TEXT,
        content BYTEA NOT NULL,
        delay_ms BIGINT NOT NULL,
        scheduled_ts BIGINT NOT NULL,
        due_ts BIGINT NOT NULL,
        finalised_ts BIGINT,
        event_id TEXT,
        error BYTEA
    );
    CREATE INDEX delayed_events_by_user ON delayed_events (user_id, finalised_ts);
    CREATE INDEX delayed_events_by_time ON delayed_events (due_ts) WHERE finalised_ts IS NULL;
    CREATE INDEX delayed_events_by_room ON delayed_events (room_id) WHERE finalised_ts IS NULL;
    CREATE INDEX delayed_events_finalised ON delayed_events (finalised_ts) WHERE finalised_ts IS NOT NULL;
    """,
    bound="100 scheduled ones a user, of 64 KiB each; the last 1000 of a week that are over",
    reaper="delayed_events.DelayedEvents.reap: those that are over longer, or beyond that; all with the account",
)

TABLES = [DELAYED_EVENTS]
