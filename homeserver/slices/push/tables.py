"""The tables of pushers."""

from __future__ import annotations

from homeserver.database.tables import Table

PUSHERS = Table(
    name="pushers",
    owner="push",
    # device_id: of the login that set it, with which it goes. pushkey_ts: when it was set, in milliseconds.
    # position, event_nid: up to where it was told what notifies, if is_behind; otherwise up to there or to the position
    # in push_progress, whichever is further. failures: in a row, tried again at retry_ts. badge: the count it was told
    # last, NULL for none. due_ts, throttle_ms, mailed_ts: of those who send mail, when the next one is due, how long
    # it is after the last one at least, and when that was. token: what is in the link that ends it.
    sql="""
    CREATE TABLE pushers (
        pusher_nid SERIAL8 PRIMARY KEY,
        user_id TEXT NOT NULL,
        app_id TEXT NOT NULL,
        pushkey TEXT NOT NULL,
        kind TEXT NOT NULL,
        device_id TEXT,
        names TEXT NOT NULL,
        data TEXT NOT NULL,
        enabled BIGINT NOT NULL,
        pushkey_ts BIGINT NOT NULL,
        position BIGINT NOT NULL,
        event_nid BIGINT NOT NULL,
        is_behind BIGINT NOT NULL DEFAULT 0,
        failures BIGINT NOT NULL DEFAULT 0,
        retry_ts BIGINT NOT NULL DEFAULT 0,
        badge BIGINT,
        due_ts BIGINT,
        throttle_ms BIGINT NOT NULL DEFAULT 0,
        mailed_ts BIGINT NOT NULL DEFAULT 0,
        token TEXT,
        UNIQUE (app_id, pushkey, user_id)
    );
    CREATE INDEX pushers_by_user ON pushers (user_id);
    CREATE INDEX pushers_behind ON pushers (position) WHERE is_behind = 1;
    CREATE INDEX pushers_due ON pushers (due_ts) WHERE due_ts IS NOT NULL;
    CREATE INDEX pushers_by_token ON pushers (token) WHERE token IS NOT NULL;
    """,
    bound="100 rows a user",
    reaper="push: deleted with the login that set them, with the account, and when a gateway rejects them",
)

PROGRESS = Table(
    name="push_progress",
    owner="push",
    sql="CREATE TABLE push_progress (only_row BIGINT PRIMARY KEY, position BIGINT NOT NULL);",
    bound="one row",
    reaper="never: one row",
)

TABLES = [PUSHERS, PROGRESS]
