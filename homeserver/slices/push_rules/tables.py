"""The push rules table."""

from __future__ import annotations

from homeserver.database.tables import Table

PUSH_RULES = Table(
    name="push_rules",
    owner="push_rules",
    # Own rules have a priority, smaller first; a row for a predefined rule says what of it was changed.
    sql="""
    CREATE TABLE push_rules (
        user_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        rule_id TEXT NOT NULL,
        priority BIGINT NOT NULL,
        rule TEXT NOT NULL,
        PRIMARY KEY (user_id, kind, rule_id)
    );
    """,
    bound="at most 1,000 rows a user",
    reaper="push_rules: bounded per user, and removed when the account is deactivated",
)

PUSH_RULE_CHANGES = Table(
    name="push_rule_changes",
    owner="push_rules",
    sql="CREATE TABLE push_rule_changes (user_id TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL);",
    bound="one row a user",
    reaper="push_rules: removed when the account is deactivated",
)

TABLES = [PUSH_RULES, PUSH_RULE_CHANGES]
