"""SQL for contents: what has them, what is being removed, and what nobody may have."""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction


def has_file(tx: Transaction, sha256: str) -> bool:
    """Whether a file has this content."""
    return tx.find("SELECT 1 FROM media WHERE sha256 = :sha256 LIMIT 1", sha256=sha256) is not None


def thumbnails_of(tx: Transaction, source_sha256: str) -> list[str]:
    """The contents of a content's thumbnails."""
    rows = tx.all("SELECT sha256 FROM media_thumbnails WHERE source_sha256 = :source", source=source_sha256)
    return [row[0] for row in rows]


def delete_thumbnails(tx: Transaction, source_sha256: str) -> None:
    """Forget a content's thumbnails."""
    tx.run("DELETE FROM media_thumbnails WHERE source_sha256 = :source", source=source_sha256)


def empty_media(tx: Transaction, media_nid: int) -> None:
    """A file has no content any more."""
    tx.run("UPDATE media SET sha256 = NULL, size_bytes = 0 WHERE media_nid = :nid", nid=media_nid)


def begin_removals(tx: Transaction, contents: Collection[str], now_ms: int) -> list[str]:
    """Those of some contents that nothing has, and that nobody removes already; they are being removed from now on."""
    found = [one for one in contents if not _is_used(tx, one) and last_removal(tx, one)[1]]
    tx.run_many(
        "INSERT INTO media_removals (sha256, since_ts, is_done) VALUES (:sha256, :now, 0)",
        [{"sha256": one, "now": now_ms} for one in found],
    )
    return found


def last_removal(tx: Transaction, sha256: str) -> tuple[int, bool]:
    """(the number of the last removal of a content, whether it is done); (0, True) where there was none lately."""
    row = tx.find(
        "SELECT removal_nid, is_done FROM media_removals WHERE sha256 = :sha256 ORDER BY removal_nid DESC LIMIT 1",
        sha256=sha256,
    )
    return (0, True) if row is None else (row[0], bool(row[1]))


def newest_removal(tx: Transaction) -> int | None:
    """The number of the last removal of whatever content, 0 where there was none lately; None while one is not
    done."""
    if tx.find("SELECT 1 FROM media_removals WHERE is_done = 0 LIMIT 1") is not None:
        return None
    return int(tx.value("SELECT MAX(removal_nid) FROM media_removals") or 0)


def removals_before(tx: Transaction, before_ms: int) -> list[str]:
    """The contents whose removal began before a moment and is not done."""
    rows = tx.all(
        "SELECT sha256 FROM media_removals WHERE since_ts < :before AND is_done = 0 LIMIT 500", before=before_ms
    )
    return [row[0] for row in rows]


def end_removal(tx: Transaction, sha256: str) -> None:
    """The bytes are gone."""
    tx.run("UPDATE media_removals SET is_done = 1 WHERE sha256 = :sha256", sha256=sha256)


def forget_removals(tx: Transaction, before_ms: int) -> None:
    """Nobody is left who looked before these."""
    tx.run("DELETE FROM media_removals WHERE since_ts < :before AND is_done = 1", before=before_ms)


def is_refused(tx: Transaction, sha256: str) -> bool:
    """Whether a content is in quarantine, under whatever URI it comes."""
    return tx.find("SELECT 1 FROM media_refused_contents WHERE sha256 = :sha256", sha256=sha256) is not None


def refuse(tx: Transaction, contents: Collection[str], user_id: str, now_ms: int) -> None:
    """Put contents into quarantine."""
    tx.run_many(
        """INSERT INTO media_refused_contents (sha256, refused_by, refused_ts) VALUES (:sha256, :user, :now)
           ON CONFLICT (sha256) DO NOTHING""",
        [{"sha256": one, "user": user_id, "now": now_ms} for one in contents],
    )


def refuse_no_more(tx: Transaction, sha256: str) -> None:
    """A content may come again."""
    tx.run("DELETE FROM media_refused_contents WHERE sha256 = :sha256", sha256=sha256)


def _is_used(tx: Transaction, sha256: str) -> bool:
    if has_file(tx, sha256):
        return True
    return tx.find("SELECT 1 FROM media_thumbnails WHERE sha256 = :sha256 LIMIT 1", sha256=sha256) is not None
