"""The tables of media."""

from __future__ import annotations

from homeserver.database.tables import Table

MEDIA = Table(
    name="media",
    owner="media",
    # sha256 is NULL while the file was announced and has not come. needs_account: not for the older endpoints, which
    # anybody may ask.
    sql="""
    CREATE TABLE media (
        media_nid SERIAL8 PRIMARY KEY,
        origin TEXT NOT NULL,
        media_id TEXT NOT NULL,
        sha256 TEXT,
        size_bytes BIGINT NOT NULL,
        content_type TEXT NOT NULL,
        file_name TEXT,
        uploader TEXT,
        created_ts BIGINT NOT NULL,
        used_ts BIGINT NOT NULL,
        expires_ts BIGINT,
        is_quarantined BIGINT NOT NULL,
        needs_account BIGINT NOT NULL
    );
    CREATE UNIQUE INDEX media_by_id ON media (origin, media_id);
    CREATE INDEX media_by_content ON media (sha256);
    CREATE INDEX media_pending ON media (uploader, expires_ts);
    """,
    bound="one row a file uploaded or fetched",
    reaper="MediaFiles.reap: what was announced and did not come; the rest by `media_retention`",
)

THUMBNAILS = Table(
    name="media_thumbnails",
    owner="media",
    sql="""
    CREATE TABLE media_thumbnails (
        source_sha256 TEXT NOT NULL,
        width BIGINT NOT NULL,
        height BIGINT NOT NULL,
        method TEXT NOT NULL,
        is_animated BIGINT NOT NULL,
        sha256 TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        content_type TEXT NOT NULL,
        PRIMARY KEY (source_sha256, width, height, method, is_animated)
    );
    CREATE INDEX media_thumbnails_by_content ON media_thumbnails (sha256);
    """,
    bound="the configured sizes, twice for what moves, of each image",
    reaper="MediaFiles.reap: with the last file of their content",
)

TABLES = [MEDIA, THUMBNAILS]
