"""SQL for push rules."""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction


def rules_of(tx: Transaction, user_id: str) -> list[tuple[str, str, int, str]]:
    """(kind, rule id, priority, rule as JSON), in order of priority."""
    rows = tx.all(
        "SELECT kind, rule_id, priority, rule FROM push_rules WHERE user_id = :user ORDER BY priority", user=user_id
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def rules_of_many(tx: Transaction, user_ids: Collection[str]) -> dict[str, list[tuple[str, str, int, str]]]:
    """The same by user, those without any left out."""
    rows = tx.all_in(
        "SELECT user_id, kind, rule_id, priority, rule FROM push_rules WHERE user_id IN :users ORDER BY priority",
        users=list(user_ids),
    )
    by_user: dict[str, list[tuple[str, str, int, str]]] = {}
    for user_id, kind, rule_id, priority, rule in rows:
        by_user.setdefault(user_id, []).append((kind, rule_id, priority, rule))
    return by_user


def replace_kind(tx: Transaction, user_id: str, kind: str, rules: list[tuple[str, str]]) -> None:
    """Write all of a user's rows of a kind anew, in this order: (rule id, rule as JSON)."""
    tx.run("DELETE FROM push_rules WHERE user_id = :user AND kind = :kind", user=user_id, kind=kind)
    tx.run_many(
        """INSERT INTO push_rules (user_id, kind, rule_id, priority, rule)
           VALUES (:user, :kind, :rule_id, :priority, :rule)""",
        [
            {"user": user_id, "kind": kind, "rule_id": rule_id, "priority": index, "rule": rule}
            for index, (rule_id, rule) in enumerate(rules)
        ],
    )


def note_change(tx: Transaction, user_id: str, position: int) -> None:
    """The user's rules changed."""
    tx.run(
        """INSERT INTO push_rule_changes (user_id, position) VALUES (:user, :position)
           ON CONFLICT (user_id) DO UPDATE SET position = excluded.position""",
        user=user_id,
        position=position,
    )


def changed_at(tx: Transaction, user_id: str) -> int:
    """The position of the last change; 0 for never."""
    return int(tx.value("SELECT position FROM push_rule_changes WHERE user_id = :user", user=user_id) or 0)


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove all of a user's rules."""
    tx.run("DELETE FROM push_rules WHERE user_id = :user", user=user_id)
    tx.run("DELETE FROM push_rule_changes WHERE user_id = :user", user=user_id)
