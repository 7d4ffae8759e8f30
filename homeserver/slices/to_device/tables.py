"""The tables of messages to devices."""

from __future__ import annotations

from homeserver.database.tables import Table

TO_DEVICE_MESSAGES = Table(
    name="to_device_messages",
    owner="to_device",
    # `event` is the JSON that the client gets. A device gets at most one message at a position.
    sql="""
    CREATE TABLE to_device_messages (
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        position BIGINT NOT NULL,
        event BYTEA NOT NULL,
        PRIMARY KEY (user_id, device_id, position)
    );
    """,
    bound="10,000 messages of at most 64 KiB a device, which the oldest ones make room for",
    reaper="to_device: deleted when the device has seen them, or is gone",
)

TO_DEVICE_TRANSACTIONS = Table(
    name="to_device_transactions",
    owner="to_device",
    # Of a local device, or (with `device_id` empty) the message ids of another server's user.
    sql="""
    CREATE TABLE to_device_transactions (
        sender TEXT NOT NULL,
        device_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        txn_id TEXT NOT NULL,
        sent_ts BIGINT NOT NULL,
        PRIMARY KEY (sender, device_id, scope, txn_id)
    );
    CREATE INDEX to_device_transactions_by_time ON to_device_transactions (sent_ts);
    """,
    bound="messages of the last three days",
    reaper="to_device.ToDevice.reap: rows older than that",
)

TABLES = [TO_DEVICE_MESSAGES, TO_DEVICE_TRANSACTIONS]
