"""The profiles table."""

from __future__ import annotations

from homeserver.database.tables import Table

PROFILES = Table(
    name="profiles",
    owner="profiles",
    # fields: all but the first two, as a JSON object. spreading: the position of the last change that may not have
    # reached the member events of all the user's rooms; NULL when it has.
    sql="""
    CREATE TABLE profiles (
        user_id TEXT NOT NULL PRIMARY KEY,
        displayname TEXT,
        avatar_url TEXT,
        fields TEXT NOT NULL,
        spreading BIGINT
    );
    CREATE INDEX profiles_spreading ON profiles (spreading) WHERE spreading IS NOT NULL;
    """,
    bound="one row a local user, of at most 64 KiB",
    reaper="profiles: emptied when a deactivated account is erased",
)

TABLES = [PROFILES]
