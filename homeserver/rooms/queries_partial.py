"""SQL for rooms whose members are not all known yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey


@dataclass(frozen=True, slots=True)
class PartialRoom:
    """A room that was joined without its members. `join_nid`: the join; `root_nid`: the state before it, which all its
    states build on; `rest_nid`: the snapshot that takes what was left out, and which the root builds on once it is
    complete. `resident`: the server that let this one in. `completed_at`: the position; None until then."""

    room_nid: int
    join_nid: int
    root_nid: int
    rest_nid: int
    resident: str
    completed_at: int | None


_COLUMNS = "room_nid, join_nid, root_nid, rest_nid, resident, completed_at"


def insert_partial(tx: Transaction, row: PartialRoom) -> None:
    """A room was joined without its members."""
    tx.run(
        """INSERT INTO partial_rooms (room_nid, join_nid, root_nid, rest_nid, resident)
           VALUES (:room, :join, :root, :rest, :resident)""",
        room=row.room_nid,
        join=row.join_nid,
        root=row.root_nid,
        rest=row.rest_nid,
        resident=row.resident,
    )


def find_partial(tx: Transaction, room_nid: int) -> PartialRoom | None:
    """A room that was joined without its members, complete by now or not."""
    row = tx.find(f"SELECT {_COLUMNS} FROM partial_rooms WHERE room_nid = :room", room=room_nid)  # noqa: S608
    return None if row is None else PartialRoom(*row)


def is_incomplete(tx: Transaction, room_nid: int) -> bool:
    """Whether members of a room are not known yet."""
    row = tx.find("SELECT 1 FROM partial_rooms WHERE room_nid = :room AND completed_at IS NULL", room=room_nid)
    return row is not None


def all_partial(tx: Transaction) -> list[PartialRoom]:
    """Every room that was joined without its members."""
    return [PartialRoom(*row) for row in tx.all(f"SELECT {_COLUMNS} FROM partial_rooms")]  # noqa: S608


def completed_between(tx: Transaction, since: int, upto: int) -> list[int]:
    """The rooms whose members became known in (since, upto]."""
    rows = tx.all(
        "SELECT room_nid FROM partial_rooms WHERE completed_at > :since AND completed_at <= :upto",
        since=since,
        upto=upto,
    )
    return [row[0] for row in rows]


def set_completed(tx: Transaction, room_nid: int, position: int) -> None:
    """All is known."""
    tx.run("UPDATE partial_rooms SET completed_at = :position WHERE room_nid = :room", position=position, room=room_nid)


def delete_partial(tx: Transaction, room_nid: int) -> None:
    """The room is no longer this server's, or was joined anew with all its members."""
    tx.run("DELETE FROM partial_rooms WHERE room_nid = :room", room=room_nid)


def build_on(tx: Transaction, snapshot_nid: int, ancestor_nid: int) -> None:
    """Have a snapshot, and so all that build on it, hold what another one does besides."""
    tx.run(
        "UPDATE state_snapshots SET ancestor_nid = :ancestor WHERE snapshot_nid = :nid",
        ancestor=ancestor_nid,
        nid=snapshot_nid,
    )


def add_entries(tx: Transaction, snapshot_nid: int, entries: Mapping[StateKey, int]) -> None:
    """Put state into a snapshot that nothing builds on yet; what it has of these keys stays."""
    tx.run_many(
        """INSERT INTO state_deltas (snapshot_nid, type, state_key, event_nid)
           VALUES (:nid, :type, :state_key, :event_nid) ON CONFLICT DO NOTHING""",
        [
            {"nid": snapshot_nid, "type": key[0], "state_key": key[1], "event_nid": event_nid}
            for key, event_nid in entries.items()
        ],
    )


def told_members(tx: Transaction, room_nid: int, user_ids: Collection[str]) -> set[str]:
    """Those of some users whose member event is in a room's current state."""
    rows = tx.all_in(
        """SELECT state_key FROM current_state
           WHERE room_nid = :room AND type = 'm.room.member' AND state_key IN :users""",
        room=room_nid,
        users=list(user_ids),
    )
    return {row[0] for row in rows}


def members_by(tx: Transaction, room_nid: int, event_nids: Collection[int]) -> set[int]:
    """Those of some member events by which a user is known to be what they are in a room."""
    rows = tx.all_in(
        "SELECT event_nid FROM memberships WHERE room_nid = :room AND event_nid IN :nids",
        room=room_nid,
        nids=list(event_nids),
    )
    return {row[0] for row in rows}


def placed_events(tx: Transaction, room_nid: int) -> list[int]:
    """The events of a room that have a place in its graph."""
    rows = tx.all(
        "SELECT event_nid FROM events WHERE room_nid = :room AND state_before IS NOT NULL ORDER BY depth, event_nid",
        room=room_nid,
    )
    return [row[0] for row in rows]
