"""SQL for aliases and the list of public rooms."""

from __future__ import annotations

from homeserver.database import Transaction


def find_alias(tx: Transaction, alias: str) -> tuple[str, str] | None:
    """(room id, creator) of an alias."""
    row = tx.find("SELECT room_id, creator FROM room_aliases WHERE alias = :alias", alias=alias)
    return None if row is None else (row[0], row[1])


def insert_alias(tx: Transaction, alias: str, room_id: str, creator: str) -> None:
    """Add an alias."""
    tx.run(
        "INSERT INTO room_aliases (alias, room_id, creator) VALUES (:alias, :room_id, :creator)",
        alias=alias,
        room_id=room_id,
        creator=creator,
    )


def delete_alias(tx: Transaction, alias: str) -> None:
    """Remove an alias."""
    tx.run("DELETE FROM room_aliases WHERE alias = :alias", alias=alias)


def move_aliases(tx: Transaction, old_room_id: str, new_room_id: str) -> None:
    """Point all aliases of a room to another."""
    tx.run("UPDATE room_aliases SET room_id = :new WHERE room_id = :old", new=new_room_id, old=old_room_id)


def aliases_of(tx: Transaction, room_id: str) -> list[str]:
    """The aliases of a room on this server."""
    rows = tx.all("SELECT alias FROM room_aliases WHERE room_id = :room_id ORDER BY alias", room_id=room_id)
    return [row[0] for row in rows]


def publish(tx: Transaction, room_id: str) -> None:
    """List a room."""
    tx.run("INSERT INTO published_rooms (room_id) VALUES (:room_id) ON CONFLICT DO NOTHING", room_id=room_id)


def unpublish(tx: Transaction, room_id: str) -> None:
    """Take a room off the list."""
    tx.run("DELETE FROM published_rooms WHERE room_id = :room_id", room_id=room_id)


def is_published(tx: Transaction, room_id: str) -> bool:
    """Whether a room is listed."""
    return tx.find("SELECT 1 FROM published_rooms WHERE room_id = :room_id", room_id=room_id) is not None


def published(tx: Transaction) -> list[str]:
    """The rooms listed."""
    return [row[0] for row in tx.all("SELECT room_id FROM published_rooms")]
