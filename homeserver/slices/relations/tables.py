"""The table of which event relates to which."""

from __future__ import annotations

from homeserver.database.tables import Table

RELATIONS = Table(
    name="event_relations",
    owner="relations",
    # `parent_id` may be an event that is not here. (depth, child_nid) is the child's place in the room's history.
    sql="""
    CREATE TABLE event_relations (
        child_nid BIGINT NOT NULL PRIMARY KEY,
        room_nid BIGINT NOT NULL,
        parent_id TEXT NOT NULL,
        rel_type TEXT NOT NULL,
        annotation_key TEXT,
        event_type TEXT NOT NULL,
        sender TEXT NOT NULL,
        depth BIGINT NOT NULL
    );
    CREATE INDEX event_relations_by_parent ON event_relations (parent_id, rel_type);
    CREATE INDEX event_relations_by_room ON event_relations (room_nid, rel_type, parent_id);
    """,
    bound="one row an event that relates to another",
    reaper="relations: deleted when the child is redacted; else goes with its room",
)

TABLES = [RELATIONS]
