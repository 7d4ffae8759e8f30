"""The table of previews."""

from __future__ import annotations

from homeserver.database.tables import Table

URL_PREVIEWS = Table(
    name="url_previews",
    owner="url_previews",
    # url_sha256: of the URL, in hex. answer: JSON; NULL where there could be none.
    sql="""
    CREATE TABLE url_previews (
        url_sha256 TEXT NOT NULL PRIMARY KEY,
        answer BYTEA,
        expires_ts BIGINT NOT NULL
    );
    CREATE INDEX url_previews_by_expiry ON url_previews (expires_ts);
    """,
    bound="one row a URL that was asked for within the hour, by `rc_url_preview`",
    reaper="UrlPreviews.reap: an hour after it was made",
)

TABLES = [URL_PREVIEWS]
