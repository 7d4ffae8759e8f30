"""The tables of what goes out to other servers and of what came in and is not worked on yet."""

from __future__ import annotations

from homeserver.database.tables import Table

DESTINATIONS = Table(
    name="destinations",
    owner="federation",
    # (sent_position, sent_nid): the last event the destination acknowledged; what is due comes after it.
    sql="""
    CREATE TABLE destinations (
        server_name TEXT NOT NULL PRIMARY KEY,
        sent_position BIGINT NOT NULL DEFAULT 0,
        sent_nid BIGINT NOT NULL DEFAULT 0,
        failures BIGINT NOT NULL DEFAULT 0,
        retry_at_ms BIGINT NOT NULL DEFAULT 0
    );
    """,
    bound="one row a server ever talked to",
    reaper="never: a few bytes a server, and losing one would send old events again",
)

OUTGOING_EDUS = Table(
    name="outgoing_edus",
    owner="federation",
    sql="""
    CREATE TABLE outgoing_edus (
        edu_nid SERIAL8 PRIMARY KEY,
        server_name TEXT NOT NULL,
        replace_key TEXT,
        edu_type TEXT NOT NULL,
        content BYTEA NOT NULL
    );
    CREATE INDEX outgoing_edus_by_server ON outgoing_edus (server_name, edu_nid);
    CREATE UNIQUE INDEX outgoing_edus_replaced ON outgoing_edus (server_name, replace_key);
    """,
    bound="what a destination has not acknowledged; one row a replace key; about 7000 a destination",
    reaper="federation: deleted when acknowledged; edu_bounds drops and collapses what is too much",
)

OUTGOING_TRANSACTIONS = Table(
    name="outgoing_transactions",
    owner="federation",
    # A transaction that may have arrived without this server having heard so: up to where it takes what is due. It is
    # sent again under its id, also after a restart. Not written for what receivers know again without that.
    sql="""
    CREATE TABLE outgoing_transactions (
        server_name TEXT NOT NULL PRIMARY KEY,
        txn_id TEXT NOT NULL,
        upto BIGINT NOT NULL,
        last_edu_nid BIGINT NOT NULL,
        last_pdu_nid BIGINT NOT NULL
    );
    """,
    bound="one row a destination",
    reaper="federation: deleted when acknowledged",
)

OUTGOING_PDUS = Table(
    name="outgoing_pdus",
    owner="federation",
    # Events that are not within the destination's stay in the room, and are for it all the same.
    sql="""
    CREATE TABLE outgoing_pdus (
        pdu_nid SERIAL8 PRIMARY KEY,
        server_name TEXT NOT NULL,
        event_nid BIGINT NOT NULL
    );
    CREATE UNIQUE INDEX outgoing_pdus_by_event ON outgoing_pdus (server_name, event_nid);
    """,
    bound="events that crossed joins and are not acknowledged; about 1000 a destination",
    reaper="federation: deleted when acknowledged",
)

STAGED_PDUS = Table(
    name="staged_pdus",
    owner="federation",
    sql="""
    CREATE TABLE staged_pdus (
        staged_nid SERIAL8 PRIMARY KEY,
        room_id TEXT NOT NULL,
        origin TEXT NOT NULL,
        event_id TEXT NOT NULL,
        pdu BYTEA NOT NULL,
        is_checked BIGINT NOT NULL DEFAULT 1
    );
    CREATE UNIQUE INDEX staged_pdus_by_event ON staged_pdus (event_id);
    CREATE INDEX staged_pdus_by_room ON staged_pdus (room_id, origin, staged_nid);
    """,
    bound="PDUs received and not yet worked on; of those that wait for their origin 200 a room and origin",
    reaper="federation: deleted when worked on, or given up after a day",
    version=2,
    migrations={2: "ALTER TABLE staged_pdus ADD COLUMN is_checked BIGINT NOT NULL DEFAULT 1"},
)

RECEIVED_TRANSACTIONS = Table(
    name="received_transactions",
    owner="federation",
    sql="""
    CREATE TABLE received_transactions (
        origin TEXT NOT NULL,
        txn_id TEXT NOT NULL,
        received_ts BIGINT NOT NULL,
        answer BYTEA NOT NULL,
        PRIMARY KEY (origin, txn_id)
    );
    CREATE INDEX received_transactions_by_time ON received_transactions (received_ts);
    """,
    bound="transactions of the last day",
    reaper="federation: rows older than a day",
)

TABLES = [DESTINATIONS, OUTGOING_EDUS, OUTGOING_TRANSACTIONS, OUTGOING_PDUS, STAGED_PDUS, RECEIVED_TRANSACTIONS]
