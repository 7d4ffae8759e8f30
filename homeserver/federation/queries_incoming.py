"""SQL for what came in from other servers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from homeserver.database import Transaction


@dataclass(frozen=True, slots=True)
class StagedPdu:
    """A PDU that waits. `is_checked`: it is a good event of the room's version; it is still to be checked where keys
    were out of reach or the version was not certain. `staged_nid`: its row, 0 before it has one."""

    room_id: str
    origin: str
    event_id: str
    pdu: bytes
    is_checked: bool = True
    staged_nid: int = 0


def find_answer(tx: Transaction, origin: str, txn_id: str) -> bytes | None:
    """What a transaction was answered before."""
    value = tx.value(
        "SELECT answer FROM received_transactions WHERE origin = :origin AND txn_id = :txn_id",
        origin=origin,
        txn_id=txn_id,
    )
    return None if value is None else bytes(value)


def insert_answer(tx: Transaction, origin: str, txn_id: str, received_ts: int, answer: bytes) -> None:
    """Remember the answer to a transaction."""
    tx.run(
        """INSERT INTO received_transactions (origin, txn_id, received_ts, answer)
           VALUES (:origin, :txn_id, :ts, :answer) ON CONFLICT DO NOTHING""",
        origin=origin,
        txn_id=txn_id,
        ts=received_ts,
        answer=answer,
    )


def delete_answers_before(tx: Transaction, before_ts: int) -> int:
    """Forget old transactions."""
    return tx.run("DELETE FROM received_transactions WHERE received_ts < :before", before=before_ts)


def stage(tx: Transaction, pdus: Sequence[StagedPdu]) -> None:
    """Keep PDUs until their rooms' turn comes."""
    tx.run_many(
        """INSERT INTO staged_pdus (room_id, origin, event_id, pdu, is_checked)
           VALUES (:room_id, :origin, :event_id, :pdu, :is_checked) ON CONFLICT DO NOTHING""",
        [
            {
                "room_id": one.room_id,
                "origin": one.origin,
                "event_id": one.event_id,
                "pdu": one.pdu,
                "is_checked": int(one.is_checked),
            }
            for one in pdus
        ],
    )


def staged_queues(tx: Transaction) -> list[tuple[str, str]]:
    """(room id, origin) of the PDUs that wait."""
    return [(row[0], row[1]) for row in tx.all("SELECT DISTINCT room_id, origin FROM staged_pdus")]


def staged(tx: Transaction, queue: tuple[str, str], after_nid: int, limit: int) -> list[StagedPdu]:
    """The next PDUs of a room from an origin."""
    rows = tx.all(
        """SELECT staged_nid, event_id, pdu, is_checked FROM staged_pdus
           WHERE room_id = :room_id AND origin = :origin AND staged_nid > :after
           ORDER BY staged_nid LIMIT :limit""",
        room_id=queue[0],
        origin=queue[1],
        after=after_nid,
        limit=limit,
    )
    return [StagedPdu(*queue, row[1], bytes(row[2]), bool(row[3]), row[0]) for row in rows]


def unstage(tx: Transaction, staged_nids: Collection[int]) -> None:
    """These PDUs have been worked on."""
    tx.run_many("DELETE FROM staged_pdus WHERE staged_nid = :nid", [{"nid": nid} for nid in staged_nids])
