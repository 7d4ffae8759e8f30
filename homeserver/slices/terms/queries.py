"""SQL for accepted documents."""

from __future__ import annotations

from collections.abc import Mapping

from homeserver.database import Transaction


def insert_accepted(tx: Transaction, user_id: str, versions: Mapping[str, str], now_ms: int) -> None:
    """A user has accepted documents: id to version."""
    tx.run_many(
        """INSERT INTO accepted_policies (user_id, policy_id, version, accepted_ts)
           VALUES (:user_id, :policy_id, :version, :now) ON CONFLICT (user_id, policy_id, version) DO NOTHING""",
        [
            {"user_id": user_id, "policy_id": policy_id, "version": version, "now": now_ms}
            for policy_id, version in sorted(versions.items())
        ],
    )


def accepted_by(tx: Transaction, user_id: str) -> dict[str, str]:
    """Document id to the version that a user has accepted."""
    rows = tx.all(
        "SELECT policy_id, version FROM accepted_policies WHERE user_id = :user_id ORDER BY accepted_ts",
        user_id=user_id,
    )
    return {row[0]: row[1] for row in rows}


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove all of a user's."""
    tx.run("DELETE FROM accepted_policies WHERE user_id = :user_id", user_id=user_id)
