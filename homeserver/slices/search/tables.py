"""The table of which words are where."""

from __future__ import annotations

from homeserver.database.tables import Table

SEARCH_WORDS = Table(
    name="search_words",
    owner="search",
    # source: 0 content.body, 1 content.name, 2 content.topic. weight: how large a part of the text the word is, in
    # thousandths.
    sql="""
    CREATE TABLE search_words (
        word TEXT NOT NULL,
        room_nid BIGINT NOT NULL,
        event_nid BIGINT NOT NULL,
        source BIGINT NOT NULL,
        weight BIGINT NOT NULL,
        PRIMARY KEY (word, room_nid, event_nid)
    );
    CREATE INDEX search_words_by_event ON search_words (event_nid);
    """,
    bound="at most 300 rows a message, name or topic; none where `enable_search` is off",
    reaper="search: deleted when the event is redacted; else goes with its room",
)

TABLES = [SEARCH_WORDS]
