"""SQL for media."""

from __future__ import annotations

from typing import Any

from homeserver.database import Transaction
from homeserver.slices.media.records import Content, Media, Thumbnail, ThumbnailSize

#: The fields of `Media`, by name.
COLUMNS = (
    "media_nid, origin, media_id, sha256, size_bytes, content_type, file_name, uploader, created_ts, used_ts,"
    " expires_ts, is_quarantined, needs_account, quarantined_by, is_protected"
)


def find_media(tx: Transaction, origin: str, media_id: str) -> Media | None:
    """A file by its URI."""
    row = tx.find(
        f"SELECT {COLUMNS} FROM media WHERE origin = :origin AND media_id = :media_id",  # noqa: S608
        origin=origin,
        media_id=media_id,
    )
    return None if row is None else media_of(row)


def insert_media(tx: Transaction, row: dict[str, Any]) -> bool:
    """Add a file, into quarantine where its content is there; whether its URI is new."""
    return (
        tx.run(
            """INSERT INTO media (origin, media_id, sha256, size_bytes, content_type, file_name, uploader, created_ts,
                   used_ts, expires_ts, is_quarantined, needs_account)
               VALUES (:origin, :media_id, :sha256, :size_bytes, :content_type, :file_name, :uploader, :created_ts,
                   :created_ts, :expires_ts, (SELECT COUNT(*) FROM media_refused_contents WHERE sha256 = :sha256),
                   :needs_account)
               ON CONFLICT (origin, media_id) DO NOTHING""",
            **row,
        )
        > 0
    )


def fill_media(tx: Transaction, media_nid: int, content: Content, content_type: str, file_name: str | None) -> bool:
    """The announced file has come; whether it was still missing."""
    return (
        tx.run(
            """UPDATE media SET sha256 = :sha256, size_bytes = :size, content_type = :type, file_name = :name,
                   expires_ts = NULL,
                   is_quarantined = (SELECT COUNT(*) FROM media_refused_contents WHERE sha256 = :sha256)
               WHERE media_nid = :nid AND sha256 IS NULL AND is_quarantined = 0""",
            nid=media_nid,
            sha256=content.sha256,
            size=content.size_bytes,
            type=content_type,
            name=file_name,
        )
        > 0
    )


def set_content_type(tx: Transaction, media_nid: int, content_type: str) -> None:
    """What a file is."""
    tx.run("UPDATE media SET content_type = :type WHERE media_nid = :nid", nid=media_nid, type=content_type)


def count_pending(tx: Transaction, uploader: str, now_ms: int) -> int:
    """How many files a user has announced that have not come."""
    return int(
        tx.value("SELECT COUNT(*) FROM media WHERE uploader = :user AND expires_ts > :now", user=uploader, now=now_ms)
    )


def note_used(tx: Transaction, media_nid: int, now_ms: int) -> None:
    """Somebody has asked for a file."""
    tx.run("UPDATE media SET used_ts = :now WHERE media_nid = :nid", now=now_ms, nid=media_nid)


def find_thumbnail(tx: Transaction, source_sha256: str, size: ThumbnailSize) -> Thumbnail | None:
    """A thumbnail that was made before."""
    row = tx.find(
        """SELECT sha256, size_bytes, content_type FROM media_thumbnails WHERE source_sha256 = :source
               AND width = :width AND height = :height AND method = :method AND is_animated = :animated""",
        source=source_sha256,
        width=size.width,
        height=size.height,
        method=size.method,
        animated=int(size.is_animated),
    )
    return None if row is None else Thumbnail(Content(row[0], row[1]), row[2])


def count_thumbnails(tx: Transaction, source_sha256: str) -> int:
    """How many thumbnails of a content there are."""
    return int(tx.value("SELECT COUNT(*) FROM media_thumbnails WHERE source_sha256 = :source", source=source_sha256))


def insert_thumbnail(tx: Transaction, source_sha256: str, size: ThumbnailSize, thumbnail: Thumbnail) -> None:
    """Keep a thumbnail."""
    tx.run(
        """INSERT INTO media_thumbnails (source_sha256, width, height, method, is_animated, sha256, size_bytes,
               content_type)
           VALUES (:source, :width, :height, :method, :animated, :sha256, :size, :type) ON CONFLICT DO NOTHING""",
        source=source_sha256,
        width=size.width,
        height=size.height,
        method=size.method,
        animated=int(size.is_animated),
        sha256=thumbnail.content.sha256,
        size=thumbnail.content.size_bytes,
        type=thumbnail.content_type,
    )


def take_expired(tx: Transaction, now_ms: int) -> None:
    """Forget what was announced and did not come in time."""
    tx.run("DELETE FROM media WHERE sha256 IS NULL AND expires_ts <= :now", now=now_ms)


def expired(tx: Transaction, now_ms: int, limit: int) -> list[Media]:
    """Files that were to be kept until a moment that has passed."""
    rows = tx.all(
        f"""SELECT {COLUMNS} FROM media WHERE expires_ts <= :now AND sha256 IS NOT NULL
            ORDER BY expires_ts LIMIT :limit""",  # noqa: S608
        now=now_ms,
        limit=limit,
    )
    return [media_of(row) for row in rows]


def unused_since(tx: Transaction, server_name: str, before_ms: int, limit: int, *, is_local: bool) -> list[Media]:
    """Files, this server's or others', that nobody has asked for since a moment."""
    compared = "=" if is_local else "<>"
    rows = tx.all(
        f"""SELECT {COLUMNS} FROM media WHERE origin {compared} :server AND sha256 IS NOT NULL
            AND used_ts < :before AND is_quarantined = 0 ORDER BY used_ts LIMIT :limit""",  # noqa: S608
        server=server_name,
        before=before_ms,
        limit=limit,
    )
    return [media_of(row) for row in rows]


def longest_unused(tx: Transaction, server_name: str, limit: int) -> list[Media]:
    """Other servers' files, those first that nobody has asked for longest."""
    rows = tx.all(
        f"""SELECT {COLUMNS} FROM media WHERE origin <> :server AND sha256 IS NOT NULL AND is_quarantined = 0
            ORDER BY used_ts LIMIT :limit""",  # noqa: S608
        server=server_name,
        limit=limit,
    )
    return [media_of(row) for row in rows]


def remote_bytes(tx: Transaction, server_name: str) -> int:
    """How many bytes of other servers' files are here."""
    return int(tx.value("SELECT COALESCE(SUM(size_bytes), 0) FROM media WHERE origin <> :server", server=server_name))


def uploaded_bytes(tx: Transaction, uploader: str, since_ms: int) -> int:
    """How many bytes of a user's files since a moment are here."""
    return int(
        tx.value(
            "SELECT COALESCE(SUM(size_bytes), 0) FROM media WHERE uploader = :user AND created_ts >= :since",
            user=uploader,
            since=since_ms,
        )
    )


def delete_row(tx: Transaction, media_nid: int) -> None:
    """Forget a file."""
    tx.run("DELETE FROM media WHERE media_nid = :nid", nid=media_nid)


def media_of(row: tuple[Any, ...]) -> Media:
    """A file, of a row with the columns `COLUMNS`."""
    values = dict(zip(COLUMNS.split(", "), row, strict=True))
    for name in ("is_quarantined", "needs_account", "is_protected"):
        values[name] = bool(values[name])
    return Media(**values)
