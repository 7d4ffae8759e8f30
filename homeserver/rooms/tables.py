"""The tables that hold rooms, their events, state and memberships."""

from __future__ import annotations

from homeserver.database.tables import Table

ROOMS = Table(
    name="rooms",
    owner="rooms",
    sql="""
    CREATE TABLE rooms (
        room_nid SERIAL8 PRIMARY KEY,
        room_id TEXT NOT NULL UNIQUE,
        version TEXT NOT NULL,
        current_snapshot BIGINT
    );
    """,
    bound="one row a room that a local user ever was in or invited to",
    reaper="never: bounded by the rooms joined",
)

EVENTS = Table(
    name="events",
    owner="rooms",
    # position: NULL for outliers, rejected and soft-failed events; 0 for history fetched backwards.
    # status: 0 accepted, 1 soft failed, 2 rejected. state_before is NULL for outliers, whose place is not known.
    # notifying, highlighting: how many events of the main timeline up to here do so by the predefined push rules;
    # thread_notifying, thread_highlighting: likewise of the event's thread. NULL for what never was new.
    sql="""
    CREATE TABLE events (
        event_nid SERIAL8 PRIMARY KEY,
        event_id TEXT NOT NULL UNIQUE,
        room_nid BIGINT NOT NULL,
        position BIGINT,
        depth BIGINT NOT NULL,
        type TEXT NOT NULL,
        state_key TEXT,
        sender TEXT NOT NULL,
        origin_server_ts BIGINT NOT NULL,
        status BIGINT NOT NULL,
        outbound BIGINT NOT NULL,
        state_before BIGINT,
        state_after BIGINT,
        replaces_nid BIGINT,
        redacted_by BIGINT,
        thread_id TEXT,
        notifying BIGINT,
        highlighting BIGINT,
        thread_notifying BIGINT,
        thread_highlighting BIGINT,
        auth_chain BYTEA,
        pdu BYTEA NOT NULL
    );
    CREATE INDEX events_by_position ON events (room_nid, position);
    CREATE INDEX events_by_depth ON events (room_nid, depth, event_nid);
    CREATE INDEX events_outbound ON events (position) WHERE outbound = 1;
    CREATE INDEX events_by_thread ON events (room_nid, thread_id, position) WHERE thread_id IS NOT NULL;
    CREATE INDEX events_rejected ON events (room_nid, event_nid) WHERE status = 2;
    """,
    bound="one row an event of a known room",
    reaper="never: history is kept; deleting a room removes its rows",
    version=3,
    migrations={
        2: """
        ALTER TABLE events ADD COLUMN thread_id TEXT;
        ALTER TABLE events ADD COLUMN notifying BIGINT;
        ALTER TABLE events ADD COLUMN highlighting BIGINT;
        ALTER TABLE events ADD COLUMN thread_notifying BIGINT;
        ALTER TABLE events ADD COLUMN thread_highlighting BIGINT;
        UPDATE events SET notifying = 0, highlighting = 0 WHERE position > 0;
        CREATE INDEX events_by_thread ON events (room_nid, thread_id, position) WHERE thread_id IS NOT NULL;
        """,
        3: "CREATE INDEX events_rejected ON events (room_nid, event_nid) WHERE status = 2;",
    },
)

THREADS = Table(
    name="room_threads",
    owner="rooms",
    # position: of the thread's last event; the counters are those of that event.
    sql="""
    CREATE TABLE room_threads (
        room_nid BIGINT NOT NULL,
        thread_id TEXT NOT NULL,
        position BIGINT NOT NULL,
        notifying BIGINT NOT NULL,
        highlighting BIGINT NOT NULL,
        PRIMARY KEY (room_nid, thread_id)
    );
    CREATE INDEX room_threads_by_position ON room_threads (room_nid, position);
    """,
    bound="one row a thread",
    reaper="never: goes with its room",
)

EDGES = Table(
    name="event_edges",
    owner="rooms",
    sql="""
    CREATE TABLE event_edges (
        prev_event_id TEXT NOT NULL,
        event_nid BIGINT NOT NULL,
        PRIMARY KEY (prev_event_id, event_nid)
    );
    """,
    bound="at most 20 rows an event",
    reaper="never: goes with its event",
)

FORWARD_EXTREMITIES = Table(
    name="forward_extremities",
    owner="rooms",
    sql="""
    CREATE TABLE forward_extremities (
        room_nid BIGINT NOT NULL,
        event_nid BIGINT NOT NULL,
        PRIMARY KEY (room_nid, event_nid)
    );
    """,
    bound="the tips of each room, joined by its next event",
    reaper="rooms: every event appended replaces the tips it refers to",
)

BACKWARD_EXTREMITIES = Table(
    name="backward_extremities",
    owner="rooms",
    sql="""
    CREATE TABLE backward_extremities (
        room_nid BIGINT NOT NULL,
        event_id TEXT NOT NULL,
        depth BIGINT NOT NULL,
        PRIMARY KEY (room_nid, event_id)
    );
    """,
    bound="one row a gap in a room's history",
    reaper="rooms: removed when the event arrives",
)

TIMELINE_GAPS = Table(
    name="timeline_gaps",
    owner="rooms",
    # The positions of live events that came while something before them was missing. It stays when that is fetched
    # later: history that is fetched is in no timeline.
    sql="""
    CREATE TABLE timeline_gaps (
        room_nid BIGINT NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (room_nid, position)
    );
    """,
    bound="one row a gap in what other servers sent",
    reaper="never: goes with its room",
)

SNAPSHOTS = Table(
    name="state_snapshots",
    owner="rooms",
    # A snapshot is a delta against the ancestor whose number of steps from the root is its own with the lowest
    # set bit cleared, so that any state is read in O(log n) hops.
    sql="""
    CREATE TABLE state_snapshots (
        snapshot_nid SERIAL8 PRIMARY KEY,
        room_nid BIGINT NOT NULL,
        ancestor_nid BIGINT,
        steps BIGINT NOT NULL
    );
    """,
    bound="one row a change of state",
    reaper="never: goes with its room",
)

DELTAS = Table(
    name="state_deltas",
    owner="rooms",
    sql="""
    CREATE TABLE state_deltas (
        snapshot_nid BIGINT NOT NULL,
        type TEXT NOT NULL,
        state_key TEXT NOT NULL,
        event_nid BIGINT,
        PRIMARY KEY (snapshot_nid, type, state_key)
    );
    """,
    bound="about log2(n)/2 rows a change of state in a room of n changes",
    reaper="never: goes with its snapshot",
)

UNCHECKED_STATE = Table(
    name="unchecked_state",
    owner="rooms",
    # Events of the state before a join, and of what authorises it, whose signatures could not be checked for want of
    # keys. snapshot_nid: that state, on which all others of the room build. type is NULL for what is not in the state.
    sql="""
    CREATE TABLE unchecked_state (
        room_nid BIGINT NOT NULL,
        event_id TEXT NOT NULL,
        snapshot_nid BIGINT NOT NULL,
        type TEXT,
        state_key TEXT,
        pdu BYTEA NOT NULL,
        PRIMARY KEY (room_nid, event_id)
    );
    """,
    bound="2000 rows a room joined",
    reaper="federation: deleted when they are checked, or the room is left or joined anew",
)

CURRENT_STATE = Table(
    name="current_state",
    owner="rooms",
    sql="""
    CREATE TABLE current_state (
        room_nid BIGINT NOT NULL,
        type TEXT NOT NULL,
        state_key TEXT NOT NULL,
        event_nid BIGINT NOT NULL,
        PRIMARY KEY (room_nid, type, state_key)
    );
    """,
    bound="one row a state key of each room",
    reaper="never: goes with its room",
)

STATE_JOURNAL = Table(
    name="state_journal",
    owner="rooms",
    # event_nid is NULL where resolution removed the key; cause_nid is the event whose arrival changed the state;
    # snapshot_nid the state it became, NULL for what was written before that was kept. is_reset: the key went back to
    # something older, or was lost, with no event that says so; replaced_nid is what it had then.
    sql="""
    CREATE TABLE state_journal (
        journal_nid SERIAL8 PRIMARY KEY,
        position BIGINT NOT NULL,
        room_nid BIGINT NOT NULL,
        type TEXT NOT NULL,
        state_key TEXT NOT NULL,
        event_nid BIGINT,
        cause_nid BIGINT NOT NULL,
        snapshot_nid BIGINT,
        replaced_nid BIGINT,
        is_reset BIGINT NOT NULL DEFAULT 0
    );
    CREATE INDEX state_journal_resets ON state_journal (room_nid, journal_nid) WHERE is_reset = 1;
    CREATE INDEX state_journal_by_place ON state_journal (room_nid, position, journal_nid);
    """,
    bound="one row a change of current state",
    reaper="never: goes with its room",
    version=3,
    migrations={
        2: """
        ALTER TABLE state_journal ADD COLUMN snapshot_nid BIGINT;
        DROP INDEX state_journal_by_room;
        CREATE INDEX state_journal_by_place ON state_journal (room_nid, position, journal_nid);
        """,
        3: """
        ALTER TABLE state_journal ADD COLUMN replaced_nid BIGINT;
        ALTER TABLE state_journal ADD COLUMN is_reset BIGINT NOT NULL DEFAULT 0;
        CREATE INDEX state_journal_resets ON state_journal (room_nid, journal_nid) WHERE is_reset = 1;
        """,
    },
)

MEMBERSHIPS = Table(
    name="memberships",
    owner="rooms",
    # The membership each user has now. `stripped` is the invite or knock state of a room this server is not in.
    sql="""
    CREATE TABLE memberships (
        user_id TEXT NOT NULL,
        room_nid BIGINT NOT NULL,
        server_name TEXT NOT NULL,
        membership TEXT NOT NULL,
        event_nid BIGINT NOT NULL,
        position BIGINT NOT NULL,
        forgotten BIGINT NOT NULL DEFAULT 0,
        stripped BYTEA,
        PRIMARY KEY (user_id, room_nid)
    );
    CREATE INDEX memberships_by_room ON memberships (room_nid, membership, server_name);
    """,
    bound="one row a user and room",
    reaper="never: goes with its room",
)

ROOM_SERVERS = Table(
    name="room_servers",
    owner="rooms",
    # The spans of positions in which a server had a joined member: what was published within is for it.
    sql="""
    CREATE TABLE room_servers (
        room_nid BIGINT NOT NULL,
        server_name TEXT NOT NULL,
        from_position BIGINT NOT NULL,
        to_position BIGINT,
        PRIMARY KEY (room_nid, server_name, from_position)
    );
    CREATE INDEX room_servers_by_server ON room_servers (server_name);
    """,
    bound="one row a server and stay",
    reaper="never: goes with its room",
)

PARTIAL_ROOMS = Table(
    name="partial_rooms",
    owner="rooms",
    # Rooms that were joined without their members; completed_at: the position at which all were known. See
    # `queries_partial.PartialRoom`.
    sql="""
    CREATE TABLE partial_rooms (
        room_nid BIGINT PRIMARY KEY,
        join_nid BIGINT NOT NULL,
        root_nid BIGINT NOT NULL,
        rest_nid BIGINT NOT NULL,
        resident TEXT NOT NULL,
        completed_at BIGINT
    );
    """,
    bound="one row a room",
    reaper="rooms: removed when the room is left before it is complete, or joined anew",
)

SENT_TRANSACTIONS = Table(
    name="sent_transactions",
    owner="rooms",
    sql="""
    CREATE TABLE sent_transactions (
        user_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        txn_id TEXT NOT NULL,
        event_nid BIGINT NOT NULL,
        sent_ts BIGINT NOT NULL,
        PRIMARY KEY (user_id, device_id, scope, txn_id)
    );
    CREATE INDEX sent_transactions_by_event ON sent_transactions (event_nid);
    CREATE INDEX sent_transactions_by_time ON sent_transactions (sent_ts);
    """,
    bound="transactions of the last day",
    reaper="rooms.reaping: rows older than a day",
)

REDACTIONS = Table(
    name="pending_redactions",
    owner="rooms",
    sql="""
    CREATE TABLE pending_redactions (
        redacts TEXT NOT NULL,
        event_nid BIGINT NOT NULL,
        PRIMARY KEY (redacts, event_nid)
    );
    """,
    bound="one row a redaction whose target has not arrived",
    reaper="rooms: removed when the target arrives",
)

TABLES = [
    ROOMS,
    EVENTS,
    THREADS,
    EDGES,
    FORWARD_EXTREMITIES,
    BACKWARD_EXTREMITIES,
    TIMELINE_GAPS,
    SNAPSHOTS,
    DELTAS,
    UNCHECKED_STATE,
    CURRENT_STATE,
    STATE_JOURNAL,
    MEMBERSHIPS,
    ROOM_SERVERS,
    PARTIAL_ROOMS,
    SENT_TRANSACTIONS,
    REDACTIONS,
]
