"""SQL for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from homeserver.database import Transaction

_COLUMNS = "report_nid, kind, reporter, room_id, event_id, reported_user_id, reason, received_ts"


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it is kept."""

    report_nid: int
    kind: str
    reporter: str
    room_id: str | None
    event_id: str | None
    reported_user_id: str | None
    reason: str | None
    received_ts: int


def insert_report(tx: Transaction, row: dict[str, Any], most: int) -> None:
    """Add a report; the reporter's oldest go beyond so many."""
    tx.run(
        """INSERT INTO reports (kind, reporter, room_id, event_id, reported_user_id, reason, received_ts)
           VALUES (:kind, :reporter, :room_id, :event_id, :reported_user_id, :reason, :received_ts)""",
        **row,
    )
    tx.run(
        """DELETE FROM reports WHERE reporter = :reporter AND report_nid NOT IN (
               SELECT report_nid FROM reports WHERE reporter = :reporter ORDER BY report_nid DESC LIMIT :most)""",
        reporter=row["reporter"],
        most=most,
    )


def page_of_reports(tx: Transaction, kind: str, offset: int, limit: int, *, is_newest_first: bool) -> list[Report]:
    """Reports of a kind, by time."""
    order = "DESC" if is_newest_first else "ASC"
    rows = tx.all(
        f"""SELECT {_COLUMNS} FROM reports WHERE kind = :kind
            ORDER BY report_nid {order} LIMIT :limit OFFSET :offset""",  # noqa: S608
        kind=kind,
        limit=limit,
        offset=offset,
    )
    return [Report(*row) for row in rows]


def count_reports(tx: Transaction, kind: str) -> int:
    """The number of reports of a kind."""
    return int(tx.value("SELECT COUNT(*) FROM reports WHERE kind = :kind", kind=kind))


def find_report(tx: Transaction, kind: str, report_nid: int) -> Report | None:
    """One report."""
    row = tx.find(
        f"SELECT {_COLUMNS} FROM reports WHERE kind = :kind AND report_nid = :nid",  # noqa: S608
        kind=kind,
        nid=report_nid,
    )
    return None if row is None else Report(*row)


def delete_report(tx: Transaction, kind: str, report_nid: int) -> bool:
    """Whether there was one."""
    return tx.run("DELETE FROM reports WHERE kind = :kind AND report_nid = :nid", kind=kind, nid=report_nid) > 0
