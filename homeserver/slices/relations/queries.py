"""SQL for relations."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from homeserver.database import Transaction

_COLUMNS = "child_nid, room_nid, parent_id, rel_type, event_type, sender, depth"


class Relation(NamedTuple):
    """A child event and what it says of its parent."""

    child_nid: int
    room_nid: int
    parent_id: str
    rel_type: str
    event_type: str
    sender: str
    depth: int

    @property
    def place(self) -> tuple[int, int]:
        """Where the child is in the room's history."""
        return self.depth, self.child_nid


class Wanted(NamedTuple):
    """Which children are asked for; None for any."""

    rel_type: str | None = None
    event_type: str | None = None


def insert_relation(tx: Transaction, row: dict[str, Any]) -> None:
    """Add a relation."""
    tx.run(
        """INSERT INTO event_relations
               (child_nid, room_nid, parent_id, rel_type, annotation_key, event_type, sender, depth)
           VALUES (:child_nid, :room_nid, :parent_id, :rel_type, :annotation_key, :event_type, :sender, :depth)
           ON CONFLICT (child_nid) DO NOTHING""",
        **row,
    )


def delete_relation(tx: Transaction, child_nid: int) -> None:
    """The child was redacted."""
    tx.run("DELETE FROM event_relations WHERE child_nid = :nid", nid=child_nid)


def children_of(tx: Transaction, room_nid: int, parent_ids: Collection[str]) -> list[Relation]:
    """All children of some parents of one room, in no order."""
    rows = tx.all_in(
        f"SELECT {_COLUMNS} FROM event_relations WHERE parent_id IN :ids AND room_nid = :room",  # noqa: S608
        ids=list(parent_ids),
        room=room_nid,
    )
    return [Relation(*row) for row in rows]


def aggregated_children(tx: Transaction, parent_ids: Collection[str]) -> list[Relation]:
    """The edits, thread events and references of some parents, in no order."""
    rows = tx.all_in(
        f"""SELECT {_COLUMNS} FROM event_relations
            WHERE parent_id IN :ids AND rel_type IN ('m.replace', 'm.thread', 'm.reference')""",  # noqa: S608
        ids=list(parent_ids),
    )
    return [Relation(*row) for row in rows]


def has_annotation(tx: Transaction, parent_id: str, sender: str, event_type: str, key: str) -> bool:
    """Whether a user has given an event this annotation already."""
    return (
        tx.find(
            """SELECT 1 FROM event_relations WHERE parent_id = :parent AND rel_type = 'm.annotation'
                   AND sender = :sender AND event_type = :type AND annotation_key = :key LIMIT 1""",
            parent=parent_id,
            sender=sender,
            type=event_type,
            key=key,
        )
        is not None
    )


def find_relation(tx: Transaction, child_nid: int) -> Relation | None:
    """What an event says of another."""
    row = tx.find(
        f"SELECT {_COLUMNS} FROM event_relations WHERE child_nid = :nid",  # noqa: S608
        nid=child_nid,
    )
    return None if row is None else Relation(*row)


def thread_events(tx: Transaction, room_nid: int) -> list[tuple[str, str, int, int]]:
    """(root id, sender, depth, number) of every event in a thread of a room."""
    rows = tx.all(
        """SELECT parent_id, sender, depth, child_nid FROM event_relations
           WHERE room_nid = :room AND rel_type = 'm.thread'""",
        room=room_nid,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
