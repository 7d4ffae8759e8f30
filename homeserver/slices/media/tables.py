"""The tables of media."""

from __future__ import annotations

from homeserver.database.tables import Table

MEDIA = Table(
    name="media",
    owner="media",
    # sha256 is NULL while the file was announced and has not come, and once a file in quarantine was deleted.
    # uploader is NULL for other servers' files and for images of previews.
    # expires_ts: until when it has to come; of what has come, how long it is kept.
    # needs_account: not for the older endpoints, which anybody may ask.
    # is_protected: not to be put into quarantine.
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
        needs_account BIGINT NOT NULL,
        quarantined_by TEXT,
        is_protected BIGINT NOT NULL DEFAULT 0
    );
    CREATE UNIQUE INDEX media_by_id ON media (origin, media_id);
    CREATE INDEX media_by_content ON media (sha256);
    CREATE INDEX media_pending ON media (uploader, expires_ts);
    CREATE INDEX media_by_expiry ON media (expires_ts) WHERE expires_ts IS NOT NULL;
    """,
    bound="one row a file uploaded or fetched; bytes by `media_quota` and `media_upload_limits`",
    reaper="Retention.reap: what was announced and did not come; the rest by `media_retention` and `media_quota`",
    version=2,
    migrations={
        2: """
        ALTER TABLE media ADD COLUMN quarantined_by TEXT;
        ALTER TABLE media ADD COLUMN is_protected BIGINT NOT NULL DEFAULT 0;
        CREATE INDEX media_by_expiry ON media (expires_ts) WHERE expires_ts IS NOT NULL;
        """
    },
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
    reaper="Keeping.delete: with the last file of their content",
)

REMOVALS = Table(
    name="media_removals",
    owner="media",
    # is_done: the bytes are gone. The row stays for a while, to tell those who had looked before that they were there.
    sql="""
    CREATE TABLE media_removals (
        removal_nid SERIAL8 PRIMARY KEY,
        sha256 TEXT NOT NULL,
        since_ts BIGINT NOT NULL,
        is_done BIGINT NOT NULL
    );
    CREATE INDEX media_removals_by_content ON media_removals (sha256, removal_nid);
    CREATE INDEX media_removals_by_time ON media_removals (since_ts);
    CREATE INDEX media_removals_begun ON media_removals (removal_nid) WHERE is_done = 0;
    """,
    bound="the contents whose bytes were removed within the last hour",
    reaper="Keeping.reap: also finishes what a process began before it died",
    version=2,
    migrations={2: "CREATE INDEX media_removals_begun ON media_removals (removal_nid) WHERE is_done = 0;"},
)

REFUSED_CONTENTS = Table(
    name="media_refused_contents",
    owner="media",
    sql="""
    CREATE TABLE media_refused_contents (
        sha256 TEXT NOT NULL PRIMARY KEY,
        refused_by TEXT NOT NULL,
        refused_ts BIGINT NOT NULL
    );
    """,
    bound="one row a content that administrators put into quarantine",
    reaper="never: administrators take it back",
)

TABLES = [MEDIA, THUMBNAILS, REMOVALS, REFUSED_CONTENTS]
