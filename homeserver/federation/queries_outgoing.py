"""SQL for what goes out to other servers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from homeserver.database import Transaction

DueEvent = tuple[int, int, str, bytes]
"""(position, event_nid, sender, pdu)."""

LAST_NID = 2**62
"""After every row."""


def sent_upto(tx: Transaction, server_name: str) -> tuple[int, int]:
    """(position, event_nid) of the last event a destination acknowledged, or up to which nothing is for it."""
    row = tx.find(
        "SELECT sent_position, sent_nid FROM destinations WHERE server_name = :name AND sent_position > 0",
        name=server_name,
    )
    if row is not None:
        return row[0], row[1]
    first = tx.value("SELECT MIN(from_position) FROM room_servers WHERE server_name = :name", name=server_name)
    return (0 if first is None else first - 1), LAST_NID


def failing_destinations(tx: Transaction) -> list[tuple[str, int, int]]:
    """(server_name, failures, retry_at_ms) of those that could not be reached last time."""
    rows = tx.all("SELECT server_name, failures, retry_at_ms FROM destinations WHERE failures > 0")
    return [(row[0], row[1], row[2]) for row in rows]


def behind_destinations(tx: Transaction) -> list[str]:
    """The servers that have something coming: events of their rooms after the last one acknowledged, or
    what was put by for them."""
    rows = tx.all(
        """SELECT DISTINCT s.server_name FROM room_servers s LEFT JOIN destinations d ON d.server_name = s.server_name
           WHERE EXISTS (SELECT 1 FROM events e WHERE e.room_nid = s.room_nid AND e.outbound = 1
                         AND e.position >= COALESCE(d.sent_position, 0) AND e.position >= s.from_position
                         AND (e.position, e.event_nid) > (COALESCE(d.sent_position, 0), COALESCE(d.sent_nid, 0))
                         AND (s.to_position IS NULL OR e.position <= s.to_position))
           UNION SELECT DISTINCT server_name FROM outgoing_edus
           UNION SELECT DISTINCT server_name FROM outgoing_pdus"""
    )
    return [row[0] for row in rows]


def due_events(tx: Transaction, server_name: str, after: tuple[int, int], upto: int, limit: int) -> list[DueEvent]:
    """The events the server is to get next, in order."""
    rows = tx.all(
        """SELECT e.position, e.event_nid, e.sender, e.pdu
           FROM events e CROSS JOIN room_servers s
           WHERE e.outbound = 1 AND e.position >= :position AND e.position <= :upto
             AND (e.position, e.event_nid) > (:position, :nid)
             AND s.room_nid = e.room_nid AND s.server_name = :server AND e.position >= s.from_position
             AND (s.to_position IS NULL OR e.position <= s.to_position)
           ORDER BY e.position, e.event_nid LIMIT :limit""",
        server=server_name,
        position=after[0],
        nid=after[1],
        upto=upto,
        limit=limit,
    )
    return [(row[0], row[1], row[2], bytes(row[3])) for row in rows]


def joined_since(tx: Transaction, room_nid: int, server_name: str) -> int | None:
    """The position since which the server is in the room; None where it is not."""
    position = tx.value(
        """SELECT from_position FROM room_servers
           WHERE room_nid = :room AND server_name = :server AND to_position IS NULL LIMIT 1""",
        room=room_nid,
        server=server_name,
    )
    return None if position is None else int(position)


def add_pdus(tx: Transaction, server_name: str, event_nids: Sequence[int]) -> None:
    """Queue events that are not due by the server's stay in the room, in this order; each once."""
    tx.run_many(
        """INSERT INTO outgoing_pdus (server_name, event_nid) VALUES (:server, :nid)
           ON CONFLICT (server_name, event_nid) DO NOTHING""",
        [{"server": server_name, "nid": nid} for nid in event_nids],
    )


def count_queued(tx: Transaction, server_name: str) -> int:
    """How many events are queued for a server."""
    return int(tx.value("SELECT COUNT(*) FROM outgoing_pdus WHERE server_name = :server", server=server_name))


def queued_pdus(tx: Transaction, server_name: str, last_nid: int, limit: int) -> list[tuple[int, bytes]]:
    """(pdu_nid, pdu) of the queued events, in order, up to a number."""
    rows = tx.all(
        """SELECT q.pdu_nid, e.pdu FROM outgoing_pdus q JOIN events e ON e.event_nid = q.event_nid
           WHERE q.server_name = :server AND q.pdu_nid <= :last ORDER BY q.pdu_nid LIMIT :limit""",
        server=server_name,
        last=last_nid,
        limit=limit,
    )
    return [(row[0], bytes(row[1])) for row in rows]


def delete_pdus(tx: Transaction, pdu_nids: Collection[int]) -> None:
    """These were acknowledged."""
    tx.run_many("DELETE FROM outgoing_pdus WHERE pdu_nid = :nid", [{"nid": nid} for nid in pdu_nids])


def write_sent(tx: Transaction, server_name: str, sent: tuple[int, int]) -> None:
    """The destination acknowledged everything up to here, and is up."""
    tx.run(
        """INSERT INTO destinations (server_name, sent_position, sent_nid, failures, retry_at_ms)
           VALUES (:name, :position, :nid, 0, 0)
           ON CONFLICT (server_name) DO UPDATE SET sent_position = excluded.sent_position,
               sent_nid = excluded.sent_nid, failures = 0, retry_at_ms = 0""",
        name=server_name,
        position=sent[0],
        nid=sent[1],
    )


def write_failure(tx: Transaction, server_name: str, failures: int, retry_at_ms: int) -> None:
    """The destination could not be reached; 0 failures: it is up again."""
    tx.run(
        """INSERT INTO destinations (server_name, failures, retry_at_ms) VALUES (:name, :failures, :retry_at)
           ON CONFLICT (server_name) DO UPDATE SET failures = excluded.failures,
               retry_at_ms = excluded.retry_at_ms""",
        name=server_name,
        failures=failures,
        retry_at=retry_at_ms,
    )


def add_edus(
    tx: Transaction, server_names: Collection[str], edu_type: str, content: bytes, replace_key: str | None
) -> None:
    """Queue an EDU; one with the same key that still waits gives way to it, and its number is not used again."""
    rows = [{"server": name, "key": replace_key, "type": edu_type, "content": content} for name in server_names]
    if replace_key is not None:
        tx.run_many("DELETE FROM outgoing_edus WHERE server_name = :server AND replace_key = :key", rows)
    tx.run_many(
        """INSERT INTO outgoing_edus (server_name, replace_key, edu_type, content)
           VALUES (:server, :key, :type, :content)
           ON CONFLICT (server_name, replace_key) DO UPDATE SET edu_type = excluded.edu_type,
               content = excluded.content""",
        rows,
    )


def find_attempt(tx: Transaction, server_name: str) -> tuple[str, int, int, int] | None:
    """(txn_id, upto, last_edu_nid, last_pdu_nid) of a transaction that may have arrived."""
    row = tx.find(
        "SELECT txn_id, upto, last_edu_nid, last_pdu_nid FROM outgoing_transactions WHERE server_name = :name",
        name=server_name,
    )
    return None if row is None else (row[0], row[1], row[2], row[3])


def write_attempt(tx: Transaction, server_name: str, attempt: tuple[str, int, int, int]) -> None:
    """Keep a transaction that is about to be sent, or to be sent again; see `find_attempt`."""
    tx.run(
        """INSERT INTO outgoing_transactions (server_name, txn_id, upto, last_edu_nid, last_pdu_nid)
           VALUES (:name, :txn_id, :upto, :last_edu, :last_pdu)
           ON CONFLICT (server_name) DO UPDATE SET txn_id = excluded.txn_id, upto = excluded.upto,
               last_edu_nid = excluded.last_edu_nid, last_pdu_nid = excluded.last_pdu_nid""",
        name=server_name,
        txn_id=attempt[0],
        upto=attempt[1],
        last_edu=attempt[2],
        last_pdu=attempt[3],
    )


def delete_attempt(tx: Transaction, server_name: str) -> None:
    """It was acknowledged."""
    tx.run("DELETE FROM outgoing_transactions WHERE server_name = :name", name=server_name)


def crowded_destinations(tx: Transaction, most: int) -> list[str]:
    """The destinations for which more EDUs than so many wait."""
    rows = tx.all("SELECT server_name FROM outgoing_edus GROUP BY server_name HAVING COUNT(*) > :most", most=most)
    return [row[0] for row in rows]


def queued_edus(tx: Transaction, server_name: str) -> list[tuple[int, str, str | None]]:
    """(edu_nid, type, replace key) of all that waits for a destination, newest first."""
    rows = tx.all(
        """SELECT edu_nid, edu_type, replace_key FROM outgoing_edus WHERE server_name = :server
           ORDER BY edu_nid DESC""",
        server=server_name,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def due_edus(tx: Transaction, server_name: str, last_nid: int, limit: int) -> list[tuple[int, str, bytes]]:
    """(edu_nid, type, content) of what waits, oldest first, up to a number."""
    rows = tx.all(
        """SELECT edu_nid, edu_type, content FROM outgoing_edus WHERE server_name = :server AND edu_nid <= :last
           ORDER BY edu_nid LIMIT :limit""",
        server=server_name,
        last=last_nid,
        limit=limit,
    )
    return [(row[0], row[1], bytes(row[2])) for row in rows]


def delete_edus(tx: Transaction, edu_nids: Collection[int]) -> None:
    """These were acknowledged."""
    tx.run_many("DELETE FROM outgoing_edus WHERE edu_nid = :nid", [{"nid": nid} for nid in edu_nids])
