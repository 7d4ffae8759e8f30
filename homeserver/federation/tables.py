"""The table of other servers' keys."""

from __future__ import annotations

from homeserver.database.tables import Table

SERVER_KEYS = Table(
    name="server_keys",
    owner="federation",
    # valid_until_ms: the last moment the key counts (of an old key, when it ended). answer_until_ms: of the answer it
    # came in, to tell newer answers from older ones. response: that answer, for those who ask this server for it.
    sql="""
    CREATE TABLE server_keys (
        server_name TEXT NOT NULL,
        key_id TEXT NOT NULL,
        verify_key TEXT NOT NULL,
        valid_until_ms BIGINT NOT NULL,
        is_old BIGINT NOT NULL,
        answer_until_ms BIGINT NOT NULL,
        fetched_ms BIGINT NOT NULL,
        response BYTEA NOT NULL,
        PRIMARY KEY (server_name, key_id)
    );
    """,
    bound="128 rows a server that signed something that came here",
    reaper="key_queries.put_keys drops a server's oldest beyond 128; the others check old events, so they stay",
)

TABLES = [SERVER_KEYS]
