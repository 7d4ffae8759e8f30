"""SQL for third-party identifiers and what identity servers were told of them."""

from __future__ import annotations

from homeserver.database import Transaction
from homeserver.slices.threepids.records import Threepid


def threepids_of(tx: Transaction, user_id: str) -> list[Threepid]:
    """All of a user's, oldest first."""
    rows = tx.all(
        """SELECT medium, address, validated_ts, added_ts FROM user_threepids
           WHERE user_id = :user_id ORDER BY added_ts, address""",
        user_id=user_id,
    )
    return [Threepid(*row) for row in rows]


def find_user(tx: Transaction, medium: str, address: str) -> str | None:
    """The user an identifier belongs to."""
    user_id: str | None = tx.value(
        "SELECT user_id FROM user_threepids WHERE medium = :medium AND address = :address",
        medium=medium,
        address=address,
    )
    return user_id


def insert_threepid(tx: Transaction, user_id: str, threepid: Threepid) -> bool:
    """Whether the identifier belonged to nobody."""
    count = tx.run(
        """INSERT INTO user_threepids (medium, address, user_id, validated_ts, added_ts)
           VALUES (:medium, :address, :user_id, :validated, :added) ON CONFLICT (medium, address) DO NOTHING""",
        medium=threepid.medium,
        address=threepid.address,
        user_id=user_id,
        validated=threepid.validated_ts,
        added=threepid.added_ts,
    )
    return count == 1


def delete_threepid(tx: Transaction, user_id: str, medium: str, address: str) -> None:
    """It is the user's no more."""
    tx.run(
        "DELETE FROM user_threepids WHERE medium = :medium AND address = :address AND user_id = :user_id",
        medium=medium,
        address=address,
        user_id=user_id,
    )


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove all of a user's identifiers."""
    tx.run("DELETE FROM user_threepids WHERE user_id = :user_id", user_id=user_id)


def bindings_of(tx: Transaction, user_id: str) -> list[tuple[str, str, str]]:
    """(medium, address, identity server) of all that a user has bound."""
    rows = tx.all(
        """SELECT medium, address, id_server FROM threepid_bindings
           WHERE user_id = :user_id ORDER BY medium, address, id_server""",
        user_id=user_id,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def insert_binding(tx: Transaction, user_id: str, medium: str, address: str, id_server: str) -> None:
    """An identity server was told."""
    tx.run(
        """INSERT INTO threepid_bindings (user_id, medium, address, id_server)
           VALUES (:user_id, :medium, :address, :id_server)
           ON CONFLICT (user_id, medium, address, id_server) DO NOTHING""",
        user_id=user_id,
        medium=medium,
        address=address,
        id_server=id_server,
    )


def delete_binding(tx: Transaction, user_id: str, medium: str, address: str, id_server: str) -> None:
    """An identity server knows it no more."""
    tx.run(
        """DELETE FROM threepid_bindings
           WHERE user_id = :user_id AND medium = :medium AND address = :address AND id_server = :id_server""",
        user_id=user_id,
        medium=medium,
        address=address,
        id_server=id_server,
    )
