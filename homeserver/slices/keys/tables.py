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

DEVICE_LIST_CHANGES = Table(
    name="device_list_changes",
    owner="keys",
    # The last position at which the devices of a user, of this server or another, changed.
    sql="""
    CREATE TABLE device_list_changes (
        user_id TEXT NOT NULL PRIMARY KEY,
        position BIGINT NOT NULL
    );
    CREATE INDEX device_list_changes_by_position ON device_list_changes (position);
    """,
    bound="one row a user who ever had devices and was in a room with local users",
    reaper="never: a few bytes a user, and clients ask what changed since they were last here",
)

DEVICE_LIST_STREAMS = Table(
    name="device_list_streams",
    owner="keys",
    # Of local users: the number of the last change that other servers were told of, and which device it was about.
    sql="""
    CREATE TABLE device_list_streams (
        user_id TEXT NOT NULL PRIMARY KEY,
        stream_id BIGINT NOT NULL,
        device_id TEXT NOT NULL
    );
    """,
    bound="one row a local user who ever had a device",
    reaper="never: other servers compare with it",
)

REMOTE_DEVICE_LISTS = Table(
    name="remote_device_lists",
    owner="keys",
    # `stream_id`: up to which change the list is right; `fetched_stream_id`: of the last time it came whole, which was
    # at `fetched_position`. `heard_stream_id`: a change that was heard of and is not in the list. `is_owed`: somebody
    # asked for the list when it could not be had.
    sql="""
    CREATE TABLE remote_device_lists (
        user_id TEXT NOT NULL PRIMARY KEY,
        stream_id BIGINT NOT NULL DEFAULT 0,
        fetched_stream_id BIGINT NOT NULL DEFAULT 0,
        heard_stream_id BIGINT NOT NULL DEFAULT 0,
        fetched_position BIGINT NOT NULL DEFAULT 0,
        needs_resync BIGINT NOT NULL DEFAULT 1,
        is_owed BIGINT NOT NULL DEFAULT 0,
        master_key TEXT,
        self_signing_key TEXT
    );
    CREATE INDEX remote_device_lists_to_resync ON remote_device_lists (needs_resync);
    """,
    bound="one row a user of another server who shares a room with local users and was asked for",
    reaper="keys.RemoteLists.reap: users who share no room any more",
)

REMOTE_DEVICES = Table(
    name="remote_devices",
    owner="keys",
    sql="""
    CREATE TABLE remote_devices (
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        keys TEXT,
        display_name TEXT,
        PRIMARY KEY (user_id, device_id)
    );
    """,
    bound="500 devices with keys of at most 64 KiB a list",
    reaper="keys: goes with its list",
)

CROSS_SIGNING_KEYS = Table(
    name="cross_signing_keys",
    owner="keys",
    # `usage`: master, self_signing or user_signing. `position`: where it was set.
    sql="""
    CREATE TABLE cross_signing_keys (
        user_id TEXT NOT NULL,
        usage TEXT NOT NULL,
        signing_key TEXT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (user_id, usage)
    );
    """,
    bound="three rows of at most 64 KiB a local user",
    reaper="keys: removed when the account is deactivated",
)

KEY_SIGNATURES = Table(
    name="key_signatures",
    owner="keys",
    # What a local user has signed: a device or the master key (by its public half) of anybody. Others are shown what
    # people signed of their own, and nobody else what they signed of others'.
    sql="""
    CREATE TABLE key_signatures (
        signer TEXT NOT NULL,
        user_id TEXT NOT NULL,
        key_name TEXT NOT NULL,
        signing_key_id TEXT NOT NULL,
        signature TEXT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (signer, user_id, key_name, signing_key_id)
    );
    CREATE INDEX key_signatures_by_position ON key_signatures (signer, position);
    CREATE INDEX key_signatures_by_key ON key_signatures (user_id, signer);
    """,
    bound="10,000 rows a local user",
    reaper="keys: removed with the key that was signed, or that signed, if it is a local user's",
)

TABLES = [
    DEVICE_KEYS,
    ONE_TIME_KEYS,
    FALLBACK_KEYS,
    DEVICE_LIST_CHANGES,
    DEVICE_LIST_STREAMS,
    REMOTE_DEVICE_LISTS,
    REMOTE_DEVICES,
    CROSS_SIGNING_KEYS,
    KEY_SIGNATURES,
]
