"""The tables of sliding sync."""

from __future__ import annotations

from homeserver.database.tables import Table

CONNECTIONS = Table(
    name="sliding_connections",
    owner="sliding",
    # Answers are numbered. acked: the last one the client is known to have; pending: the one after it, which it may
    # have. Each with its place: everything up to there was looked at. configs: JSON, what state was ever asked for.
    sql="""
    CREATE TABLE sliding_connections (
        connection_nid SERIAL8 PRIMARY KEY,
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        conn_id TEXT NOT NULL,
        acked BIGINT NOT NULL,
        acked_position BIGINT NOT NULL,
        acked_volatile BIGINT NOT NULL,
        pending BIGINT NOT NULL,
        pending_position BIGINT NOT NULL,
        pending_volatile BIGINT NOT NULL,
        configs TEXT NOT NULL,
        used_ts BIGINT NOT NULL
    );
    CREATE UNIQUE INDEX sliding_connections_by_name ON sliding_connections (user_id, device_id, conn_id);
    CREATE INDEX sliding_connections_by_use ON sliding_connections (used_ts);
    """,
    bound="16 a device; the one used longest ago makes room",
    reaper="sliding.Connections.reap: unused for 30 days; they go with their device",
)

ROOMS = Table(
    name="sliding_rooms",
    owner="sliding",
    # `memory`: what was told of a room up to the answer `answer`; `before`: up to those before it, NULL for nothing.
    # room_nid 0 stands for what is about no room. Both are MessagePack.
    sql="""
    CREATE TABLE sliding_rooms (
        connection_nid BIGINT NOT NULL,
        room_nid BIGINT NOT NULL,
        answer BIGINT NOT NULL,
        memory BYTEA NOT NULL,
        before BYTEA,
        PRIMARY KEY (connection_nid, room_nid)
    );
    """,
    bound="one row a connection and room that it was told of",
    reaper="sliding: go with their connection",
)

TABLES = [CONNECTIONS, ROOMS]
