"""The tables of keys."""

from __future__ import annotations

from homeserver.database.tables import Table

DEVICE_KEYS = Table(
    name="device_keys",
    owner="keys",
    sql="""
    CREATE TABLE device_keys (
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        keys TEXT NOT NULL,
        PRIMARY KEY (user_id, device_id)
    );
    """,
    bound="one row of at most 64 KiB a device",
    reaper="keys: removed with the device",
)

ONE_TIME_KEYS = Table(
    name="one_time_keys",
    owner="keys",
    # Those claimed stay for a while, so that the same key is not taken for a new one when it is uploaded again.
    sql="""
    CREATE TABLE one_time_keys (
        key_nid SERIAL8 PRIMARY KEY,
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        algorithm TEXT NOT NULL,
        key_id TEXT NOT NULL,
        one_time_key TEXT NOT NULL,
        is_claimed BIGINT NOT NULL DEFAULT 0
    );
    CREATE INDEX one_time_keys_by_device ON one_time_keys (user_id, device_id, is_claimed, algorithm, key_nid);
    CREATE INDEX one_time_keys_by_id ON one_time_keys (user_id, device_id, key_id);
    """,
    bound="500 unclaimed and 500 claimed keys of at most 4 KiB a device and algorithm, of at most 20 algorithms",
    reaper="keys: removed with the device; of those claimed the oldest make room for others",
)

FALLBACK_KEYS = Table(
    name="fallback_keys",
    owner="keys",
    sql="""
    CREATE TABLE fallback_keys (
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        algorithm TEXT NOT NULL,
        key_id TEXT NOT NULL,
        fallback_key TEXT NOT NULL,
        is_used BIGINT NOT NULL,
        PRIMARY KEY (user_id, device_id, algorithm)
    );
    """,
    bound="one row a device and algorithm, of at most 20 algorithms",
    reaper="keys: removed with the device",
)

TABLES = [DEVICE_KEYS, ONE_TIME_KEYS, FALLBACK_KEYS]
