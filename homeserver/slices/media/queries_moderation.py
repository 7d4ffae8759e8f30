"""SQL for what administrators look up, and put into quarantine."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.database import Transaction
from homeserver.slices.media.queries import COLUMNS, media_of
from homeserver.slices.media.records import Media

#: Name for the request, and column.
ORDERS = {
    "media_id": "media_id",
    "upload_name": "file_name",
    "created_ts": "created_ts",
    "last_access_ts": "used_ts",
    "media_length": "size_bytes",
    "media_type": "content_type",
    "quarantined_by": "quarantined_by",
    "safe_from_quarantine": "is_protected",
}
STATISTICS_ORDERS = {"user_id": "1", "displayname": "1", "media_length": "3", "media_count": "2"}


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. `order`: a key of the orders above."""

    offset: int
    limit: int
    order: str
    is_descending: bool


def files_of_user(tx: Transaction, user_id: str, page: Page) -> list[Media]:
    """What a user has uploaded."""
    direction = "DESC" if page.is_descending else "ASC"
    rows = tx.all(
        f"""SELECT {COLUMNS} FROM media WHERE uploader = :user AND sha256 IS NOT NULL
            ORDER BY {ORDERS[page.order]} {direction}, media_nid LIMIT :limit OFFSET :offset""",  # noqa: S608
        user=user_id,
        limit=page.limit,
        offset=page.offset,
    )
    return [media_of(row) for row in rows]


def count_of_user(tx: Transaction, user_id: str) -> int:
    """How many files a user has uploaded."""
    return int(tx.value("SELECT COUNT(*) FROM media WHERE uploader = :user AND sha256 IS NOT NULL", user=user_id))


def local_files_before(tx: Transaction, server_name: str, before_ms: int, larger_than: int, after: int) -> list[Media]:
    """This server's files that nobody has asked for since a moment, larger than so many bytes; a page of them."""
    rows = tx.all(
        f"""SELECT {COLUMNS} FROM media WHERE origin = :server AND sha256 IS NOT NULL AND used_ts < :before
            AND size_bytes > :larger_than AND media_nid > :after ORDER BY media_nid LIMIT 500""",  # noqa: S608
        server=server_name,
        before=before_ms,
        larger_than=larger_than,
        after=after,
    )
    return [media_of(row) for row in rows]


def statistics(
    tx: Transaction, page: Page, since_ms: int, until_ms: int, term: str
) -> tuple[list[tuple[str, int, int]], int]:
    """((user id, number of files, their bytes) of a page, how many users there are)."""
    direction = "DESC" if page.is_descending else "ASC"
    chosen = """FROM media WHERE uploader IS NOT NULL AND sha256 IS NOT NULL AND created_ts BETWEEN :since AND :until
                AND LOWER(uploader) LIKE :term ESCAPE '!'"""
    pattern = "".join(f"!{one}" if one in "!%_" else one for one in term.lower())
    parameters = {"since": since_ms, "until": until_ms, "term": f"%{pattern}%"}
    rows = tx.all(
        f"""SELECT uploader, COUNT(*), CAST(SUM(size_bytes) AS BIGINT) {chosen} GROUP BY uploader
            ORDER BY {STATISTICS_ORDERS[page.order]} {direction}, 1 LIMIT :limit OFFSET :offset""",
        limit=page.limit,
        offset=page.offset,
        **parameters,
    )
    total = int(tx.value(f"SELECT COUNT(DISTINCT uploader) {chosen}", **parameters))
    return [(row[0], row[1], row[2]) for row in rows], total


def quarantine_file(tx: Transaction, media_nid: int, user_id: str) -> int:
    """Put a file into quarantine, unless it is protected; how many were changed."""
    return tx.run(
        """UPDATE media SET is_quarantined = 1, quarantined_by = :user
           WHERE media_nid = :nid AND is_quarantined = 0 AND is_protected = 0""",
        nid=media_nid,
        user=user_id,
    )


def quarantine_content(tx: Transaction, sha256: str, user_id: str) -> int:
    """Put every file of a content into quarantine that is not protected; how many were changed."""
    return tx.run(
        """UPDATE media SET is_quarantined = 1, quarantined_by = :user
           WHERE sha256 = :sha256 AND is_quarantined = 0 AND is_protected = 0""",
        sha256=sha256,
        user=user_id,
    )


def release_file(tx: Transaction, media_nid: int) -> None:
    """Take a file out of quarantine."""
    tx.run("UPDATE media SET is_quarantined = 0, quarantined_by = NULL WHERE media_nid = :nid", nid=media_nid)


def release_content(tx: Transaction, sha256: str) -> int:
    """Take every file of a content out of quarantine; how many were changed."""
    return tx.run(
        "UPDATE media SET is_quarantined = 0, quarantined_by = NULL WHERE sha256 = :sha256 AND is_quarantined = 1",
        sha256=sha256,
    )


def bar_file(tx: Transaction, origin: str, media_id: str, user_id: str, now_ms: int) -> int:
    """Another server's file that is not here is not to be fetched; whether that is new, as 0 or 1."""
    return tx.run(
        """INSERT INTO media (origin, media_id, size_bytes, content_type, created_ts, used_ts, is_quarantined,
               needs_account, quarantined_by)
           VALUES (:origin, :media_id, 0, 'application/octet-stream', :now, :now, 1, 1, :user)
           ON CONFLICT (origin, media_id) DO NOTHING""",
        origin=origin,
        media_id=media_id,
        user=user_id,
        now=now_ms,
    )


def set_protected(tx: Transaction, media_nid: int, *, is_protected: bool) -> None:
    """Whether a file stays where others are put into quarantine."""
    tx.run("UPDATE media SET is_protected = :flag WHERE media_nid = :nid", nid=media_nid, flag=int(is_protected))
