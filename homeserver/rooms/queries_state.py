"""SQL for state: snapshots, current state and its journal."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from homeserver.database import Transaction
from homeserver.protocol.events import StateKey

Delta = dict[StateKey, int | None]

LAST_NID = 2**62
"""After every event."""


def snapshot_row(tx: Transaction, snapshot_nid: int) -> tuple[int | None, int, int]:
    """(ancestor_nid, steps, room_nid) of a snapshot."""
    row = tx.one(
        "SELECT ancestor_nid, steps, room_nid FROM state_snapshots WHERE snapshot_nid = :nid", nid=snapshot_nid
    )
    return row[0], row[1], row[2]


def snapshot_delta(tx: Transaction, snapshot_nid: int) -> Delta:
    """What a snapshot changes against its ancestor; None where a key is gone."""
    rows = tx.all("SELECT type, state_key, event_nid FROM state_deltas WHERE snapshot_nid = :nid", nid=snapshot_nid)
    return {(row[0], row[1]): row[2] for row in rows}


def insert_snapshot(tx: Transaction, room_nid: int, ancestor_nid: int | None, steps: int, delta: Delta) -> int:
    """Add a snapshot; its number."""
    nid = tx.allocate("state_snapshots", "snapshot_nid")
    tx.run(
        """INSERT INTO state_snapshots (snapshot_nid, room_nid, ancestor_nid, steps)
           VALUES (:nid, :room, :ancestor, :steps)""",
        nid=nid,
        room=room_nid,
        ancestor=ancestor_nid,
        steps=steps,
    )
    tx.run_many(
        """INSERT INTO state_deltas (snapshot_nid, type, state_key, event_nid)
           VALUES (:nid, :type, :state_key, :event_nid)""",
        [{"nid": nid, "type": key[0], "state_key": key[1], "event_nid": value} for key, value in delta.items()],
    )
    return nid


def entries_of_path(
    tx: Transaction, snapshot_nids: Collection[int], key: StateKey
) -> list[tuple[int, int | None, int | None, int | None]]:
    """Of some snapshots and all that they build on: (snapshot_nid, ancestor_nid, the snapshot where it says anything of
    the key, the event_nid it says), in no order."""
    rows = tx.all_in(
        """WITH RECURSIVE path (snapshot_nid, ancestor_nid) AS (
               SELECT snapshot_nid, ancestor_nid FROM state_snapshots WHERE snapshot_nid IN :nids
               UNION
               SELECT s.snapshot_nid, s.ancestor_nid
               FROM path p JOIN state_snapshots s ON s.snapshot_nid = p.ancestor_nid
           )
           SELECT p.snapshot_nid, p.ancestor_nid, d.snapshot_nid, d.event_nid FROM path p LEFT JOIN state_deltas d
               ON d.snapshot_nid = p.snapshot_nid AND d.type = :type AND d.state_key = :state_key""",
        nids=list(snapshot_nids),
        type=key[0],
        state_key=key[1],
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def write_current_state(tx: Transaction, room_nid: int, changes: Mapping[StateKey, int | None]) -> None:
    """Set or remove keys of the current state."""
    tx.run_many(
        """INSERT INTO current_state (room_nid, type, state_key, event_nid)
           VALUES (:room, :type, :state_key, :event_nid)
           ON CONFLICT (room_nid, type, state_key) DO UPDATE SET event_nid = excluded.event_nid""",
        [
            {"room": room_nid, "type": key[0], "state_key": key[1], "event_nid": nid}
            for key, nid in changes.items()
            if nid is not None
        ],
    )
    for key, nid in changes.items():
        if nid is None:
            tx.run(
                "DELETE FROM current_state WHERE room_nid = :room AND type = :type AND state_key = :state_key",
                room=room_nid,
                type=key[0],
                state_key=key[1],
            )


def write_journal(
    tx: Transaction, place: tuple[int, int, int], changes: Mapping[StateKey, int | None], resets: Mapping[StateKey, int]
) -> None:
    """Record a change of current state at the transaction's position. `place`: room, the snapshot it became, the event
    that caused it. `resets`: of those keys for which no event speaks, what they had before."""
    room_nid, snapshot_nid, cause_nid = place
    tx.run_many(
        """INSERT INTO state_journal (position, room_nid, type, state_key, event_nid, cause_nid, snapshot_nid,
               replaced_nid, is_reset)
           VALUES (:position, :room, :type, :state_key, :event_nid, :cause, :snapshot, :replaced, :is_reset)""",
        [
            {
                "position": tx.position,
                "room": room_nid,
                "type": key[0],
                "state_key": key[1],
                "event_nid": nid,
                "cause": cause_nid,
                "snapshot": snapshot_nid,
                "replaced": resets.get(key),
                "is_reset": int(key in resets),
            }
            for key, nid in changes.items()
        ],
    )


def changes_by(tx: Transaction, cause_nid: int, room_nid: int) -> list[tuple[StateKey, int | None, int | None, bool]]:
    """What an event's arrival changed of a room's current state: (key, event_nid or None, what a reset replaced,
    whether it was one)."""
    rows = tx.all(
        """SELECT type, state_key, event_nid, replaced_nid, is_reset FROM state_journal
           WHERE room_nid = :room AND cause_nid = :cause ORDER BY journal_nid""",
        room=room_nid,
        cause=cause_nid,
    )
    return [((row[0], row[1]), row[2], row[3], bool(row[4])) for row in rows]


def resets_of(tx: Transaction, room_nid: int, limit: int) -> list[tuple[StateKey, int | None, int, int]]:
    """The last resets of a room's state: (key, event_nid or None, what it replaced, the event that caused it)."""
    rows = tx.all(
        """SELECT type, state_key, event_nid, replaced_nid, cause_nid FROM state_journal
           WHERE room_nid = :room AND is_reset = 1 ORDER BY journal_nid DESC LIMIT :limit""",
        room=room_nid,
        limit=limit,
    )
    return [((row[0], row[1]), row[2], row[3], row[4]) for row in rows]


def find_snapshot_at(tx: Transaction, room_nid: int, position: int, event_nid: int = LAST_NID) -> int | None:
    """The state that was current at a position, once this event of it had come; None where there was none yet."""
    nid = tx.value(
        """SELECT COALESCE(j.snapshot_nid, e.state_after)
           FROM state_journal j JOIN events e ON e.event_nid = j.cause_nid
           WHERE j.room_nid = :room AND j.position <= :position AND (j.position < :position OR j.cause_nid <= :event)
           ORDER BY j.position DESC, j.journal_nid DESC LIMIT 1""",
        room=room_nid,
        position=position,
        event=event_nid,
    )
    return None if nid is None else int(nid)


def journal_between(tx: Transaction, room_nid: int, since: int, upto: int) -> list[tuple[StateKey, int | None, int]]:
    """Changes of current state in (since, upto], in order: (key, event_nid or None, cause_nid)."""
    rows = tx.all(
        """SELECT type, state_key, event_nid, cause_nid FROM state_journal
           WHERE room_nid = :room AND position > :since AND position <= :upto ORDER BY journal_nid""",
        room=room_nid,
        since=since,
        upto=upto,
    )
    return [((row[0], row[1]), row[2], row[3]) for row in rows]


def held_among(tx: Transaction, room_nid: int, nids: Collection[int]) -> set[int]:
    """Those of some events that became state of the room as they came."""
    rows = tx.all_in(
        """SELECT e.event_nid FROM events e JOIN state_journal j
               ON j.room_nid = e.room_nid AND j.position = e.position AND j.event_nid = e.event_nid
           WHERE e.room_nid = :room AND e.event_nid IN :nids""",
        room=room_nid,
        nids=list(nids),
    )
    return {row[0] for row in rows}


def find_current(tx: Transaction, room_nid: int, key: StateKey) -> int | None:
    """The event that holds a key of the current state."""
    nid = tx.value(
        "SELECT event_nid FROM current_state WHERE room_nid = :room AND type = :type AND state_key = :state_key",
        room=room_nid,
        type=key[0],
        state_key=key[1],
    )
    return None if nid is None else int(nid)


def current_of_types(tx: Transaction, room_nid: int, types: Collection[str]) -> list[int]:
    """The events of the current state that have one of these types, and an empty state key."""
    rows = tx.all_in(
        "SELECT event_nid FROM current_state WHERE room_nid = :room AND type IN :types AND state_key = ''",
        room=room_nid,
        types=list(types),
    )
    return [row[0] for row in rows]


def current_entries(tx: Transaction, room_nid: int) -> list[tuple[StateKey, int]]:
    """(key, event_nid) of all current state."""
    rows = tx.all("SELECT type, state_key, event_nid FROM current_state WHERE room_nid = :room", room=room_nid)
    return [((row[0], row[1]), row[2]) for row in rows]


def rooms_with_state(tx: Transaction, event_type: str, state_key: str = "") -> list[tuple[int, int]]:
    """(room_nid, event_nid) of every room whose current state has this key."""
    rows = tx.all(
        "SELECT room_nid, event_nid FROM current_state WHERE type = :type AND state_key = :state_key",
        type=event_type,
        state_key=state_key,
    )
    return [(row[0], row[1]) for row in rows]
