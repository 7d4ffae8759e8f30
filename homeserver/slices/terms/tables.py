"""The table of accepted documents."""

from __future__ import annotations

from homeserver.database.tables import Table

ACCEPTED_POLICIES = Table(
    name="accepted_policies",
    owner="terms",
    sql="""
    CREATE TABLE accepted_policies (
        user_id TEXT NOT NULL,
        policy_id TEXT NOT NULL,
        version TEXT NOT NULL,
        accepted_ts BIGINT NOT NULL,
        PRIMARY KEY (user_id, policy_id, version)
    );
    """,
    bound="one row an account and document",
    reaper="never: what somebody has agreed to; deleted where an account is erased",
)

TABLES = [ACCEPTED_POLICIES]
