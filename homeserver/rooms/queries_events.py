"""SQL for events: inserting, finding, walking."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from homeserver.database import Transaction

_COLUMNS = "event_nid, event_id, room_nid, position, status, state_before, state_after, pdu"

EventRow = tuple[int, str, int, int | None, int, int | None, int | None, bytes]


_INSERT = """INSERT INTO events (event_nid, event_id, room_nid, position, depth, type, state_key, sender,
        origin_server_ts, status, outbound, state_before, state_after, replaces_nid, thread_id, notifying, highlighting,
        thread_notifying, thread_highlighting, auth_chain, pdu)
    VALUES (:event_nid, :event_id, :room_nid, :position, :depth, :type, :state_key, :sender,
        :origin_server_ts, :status, :outbound, :state_before, :state_after, :replaces_nid, :thread_id, :notifying,
        :highlighting, :thread_notifying, :thread_highlighting, :auth_chain, :pdu)"""


def insert_event(tx: Transaction, row: dict[str, Any]) -> None:
    """Add an event. `row` has a value for every column but `redacted_by`."""
    tx.run(_INSERT, **row)


def insert_events(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    """Add many events."""
    tx.run_many(_INSERT, rows)


def place_event(tx: Transaction, event_nid: int, row: dict[str, Any]) -> None:
    """Give an outlier its place: position, status, outbound, state_before, state_after, replaces_nid, counters."""
    tx.run(
        """UPDATE events SET position = :position, status = :status, outbound = :outbound,
               state_before = :state_before, state_after = :state_after, replaces_nid = :replaces_nid,
               thread_id = :thread_id, notifying = :notifying, highlighting = :highlighting,
               thread_notifying = :thread_notifying, thread_highlighting = :thread_highlighting
           WHERE event_nid = :event_nid""",
        event_nid=event_nid,
        **row,
    )


def show_event(tx: Transaction, event_nid: int, position: int) -> None:
    """Give an event that was kept from clients its position; 0 for history."""
    tx.run("UPDATE events SET position = :position WHERE event_nid = :nid", position=position, nid=event_nid)


def events_by_nid(tx: Transaction, nids: Collection[int]) -> list[EventRow]:
    """Rows of events by number, in no order."""
    return tx.all_in(f"SELECT {_COLUMNS} FROM events WHERE event_nid IN :nids", nids=list(nids))  # noqa: S608


def events_by_id(tx: Transaction, event_ids: Collection[str]) -> list[EventRow]:
    """Rows of events by id, in no order; unknown ids are left out."""
    return tx.all_in(f"SELECT {_COLUMNS} FROM events WHERE event_id IN :ids", ids=list(event_ids))  # noqa: S608


def nids_by_id(tx: Transaction, event_ids: Collection[str]) -> dict[str, int]:
    """Event id to number, for those that are known."""
    rows = tx.all_in("SELECT event_id, event_nid FROM events WHERE event_id IN :ids", ids=list(event_ids))
    return {row[0]: row[1] for row in rows}


def pdus_by_nid(tx: Transaction, nids: Collection[int]) -> dict[int, bytes]:
    """Number to the event as it is stored: JSON."""
    rows = tx.all_in("SELECT event_nid, pdu FROM events WHERE event_nid IN :nids", nids=list(nids))
    return {row[0]: bytes(row[1]) for row in rows}


def unrejected_by_id(tx: Transaction, event_ids: Collection[str]) -> dict[str, int]:
    """Event id to number, for those that are known and were not rejected."""
    rows = tx.all_in(
        "SELECT event_id, event_nid FROM events WHERE event_id IN :ids AND status < 2", ids=list(event_ids)
    )
    return {row[0]: row[1] for row in rows}


def ids_by_nid(tx: Transaction, nids: Collection[int]) -> dict[int, str]:
    """Number to event id."""
    rows = tx.all_in("SELECT event_nid, event_id FROM events WHERE event_nid IN :nids", nids=list(nids))
    return {row[0]: row[1] for row in rows}


def all_of_room(tx: Transaction, room_nid: int, after: tuple[int, int], limit: int) -> list[tuple[int, int]]:
    """(depth, event_nid) of a room's events behind a place, whatever became of them, oldest first."""
    rows = tx.all(
        """SELECT depth, event_nid FROM events WHERE room_nid = :room AND (depth, event_nid) > (:depth, :nid)
           ORDER BY depth, event_nid LIMIT :limit""",
        room=room_nid,
        depth=after[0],
        nid=after[1],
        limit=limit,
    )
    return [(row[0], row[1]) for row in rows]


def auth_chains(tx: Transaction, nids: Collection[int]) -> list[tuple[int, bytes | None]]:
    """(event_nid, serialised bitmap of its auth chain) of the events named."""
    rows = tx.all_in("SELECT event_nid, auth_chain FROM events WHERE event_nid IN :nids", nids=list(nids))
    return [(row[0], row[1]) for row in rows]


def insert_edges(tx: Transaction, event_nid: int, prev_event_ids: Sequence[str]) -> None:
    """Record what an event refers to."""
    tx.run_many(
        "INSERT INTO event_edges (prev_event_id, event_nid) VALUES (:prev, :nid) ON CONFLICT DO NOTHING",
        [{"prev": prev, "nid": event_nid} for prev in prev_event_ids],
    )


def outbound_among(tx: Transaction, nids: Collection[int]) -> set[int]:
    """Those of some events that this server tells the others of: its own, and memberships that it let in."""
    rows = tx.all_in("SELECT event_nid FROM events WHERE event_nid IN :nids AND outbound = 1", nids=list(nids))
    return {row[0] for row in rows}


def is_referred_to(tx: Transaction, event_id: str) -> bool:
    """Whether an accepted event refers to this one."""
    return (
        tx.find(
            """SELECT 1 FROM event_edges g JOIN events e ON e.event_nid = g.event_nid
               WHERE g.prev_event_id = :event_id AND e.status = 0 LIMIT 1""",
            event_id=event_id,
        )
        is not None
    )


def timeline_after(tx: Transaction, room_nid: int, since: int, upto: int, limit: int) -> list[int]:
    """The newest `limit` numbers of events published in (since, upto], newest first."""
    rows = tx.all(
        """SELECT event_nid FROM events WHERE room_nid = :room AND position > :since AND position <= :upto
           ORDER BY position DESC, event_nid DESC LIMIT :limit""",
        room=room_nid,
        since=since,
        upto=upto,
        limit=limit,
    )
    return [row[0] for row in rows]


def events_between(tx: Transaction, room_nid: int, since: int, upto: int, limit: int) -> list[tuple[int, int]]:
    """(position, event_nid) of the first `limit` events published in (since, upto], oldest first."""
    rows = tx.all(
        """SELECT position, event_nid FROM events WHERE room_nid = :room AND position > :since AND position <= :upto
           ORDER BY position, event_nid LIMIT :limit""",
        room=room_nid,
        since=since,
        upto=upto,
        limit=limit,
    )
    return [(row[0], row[1]) for row in rows]


def page_back(tx: Transaction, room_nid: int, before: tuple[int, int], limit: int) -> list[tuple[int, int]]:
    """(depth, event_nid) of events before a place in the room's history, nearest first."""
    rows = tx.all(
        """SELECT depth, event_nid FROM events
           WHERE room_nid = :room AND (depth, event_nid) < (:depth, :nid) AND position IS NOT NULL
           ORDER BY depth DESC, event_nid DESC LIMIT :limit""",
        room=room_nid,
        depth=before[0],
        nid=before[1],
        limit=limit,
    )
    return [(row[0], row[1]) for row in rows]


def page_forward(tx: Transaction, room_nid: int, after: tuple[int, int], limit: int) -> list[tuple[int, int]]:
    """(depth, event_nid) of events at or after a place in the room's history, nearest first."""
    rows = tx.all(
        """SELECT depth, event_nid FROM events
           WHERE room_nid = :room AND (depth, event_nid) >= (:depth, :nid) AND position IS NOT NULL
           ORDER BY depth, event_nid LIMIT :limit""",
        room=room_nid,
        depth=after[0],
        nid=after[1],
        limit=limit,
    )
    return [(row[0], row[1]) for row in rows]


def place_at_position(tx: Transaction, room_nid: int, position: int) -> tuple[int, int]:
    """The place just after the last event published up to a position: (depth, event_nid + 1)."""
    row = tx.find(
        """SELECT depth, event_nid FROM events WHERE room_nid = :room AND position > 0 AND position <= :position
           ORDER BY depth DESC, event_nid DESC LIMIT 1""",
        room=room_nid,
        position=position,
    )
    return (0, 0) if row is None else (row[0], row[1] + 1)


def nearest_to(
    tx: Transaction, room_nid: int, moment_ms: int, is_forward: bool, span: tuple[int, int]
) -> list[tuple[int, str, int]]:
    """(event_nid, event id, origin_server_ts) of events at or after a moment, or at or before it, nearest first.

    `span`: offset and limit. No index serves this: it is asked seldom, and every event would have to pay for one.
    """
    order, compared = ("ASC", ">=") if is_forward else ("DESC", "<=")
    rows = tx.all(
        f"""SELECT event_nid, event_id, origin_server_ts FROM events
            WHERE room_nid = :room AND origin_server_ts {compared} :moment AND position IS NOT NULL
            ORDER BY origin_server_ts {order}, depth {order}, event_nid {order} LIMIT :limit OFFSET :offset""",  # noqa: S608
        room=room_nid,
        moment=moment_ms,
        offset=span[0],
        limit=span[1],
    )
    return [(row[0], row[1], row[2]) for row in rows]


def rewrite_pdu(tx: Transaction, event_nid: int, pdu: bytes, redacted_by: int | None) -> None:
    """Replace an event by its redacted form; `redacted_by`: the redaction, if there was one."""
    tx.run(
        "UPDATE events SET pdu = :pdu, redacted_by = :by WHERE event_nid = :nid",
        pdu=pdu,
        by=redacted_by,
        nid=event_nid,
    )


def insert_pending_redaction(tx: Transaction, redacts: str, event_nid: int) -> None:
    """A redaction waits for its target."""
    tx.run(
        "INSERT INTO pending_redactions (redacts, event_nid) VALUES (:redacts, :nid) ON CONFLICT DO NOTHING",
        redacts=redacts,
        nid=event_nid,
    )


def take_pending_redactions(tx: Transaction, event_id: str) -> list[int]:
    """The redactions that wait for this event; they wait no longer."""
    rows = tx.all("SELECT event_nid FROM pending_redactions WHERE redacts = :id ORDER BY event_nid", id=event_id)
    if rows:
        tx.run("DELETE FROM pending_redactions WHERE redacts = :id", id=event_id)
    return [row[0] for row in rows]


def render_rows(tx: Transaction, nids: Collection[int]) -> list[tuple[Any, ...]]:
    """What the client format needs besides the event: (event_nid, replaces_nid, redacted_by)."""
    sql = "SELECT event_nid, replaces_nid, redacted_by FROM events WHERE event_nid IN :nids"
    return tx.all_in(sql, nids=list(nids))
