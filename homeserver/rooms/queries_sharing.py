"""SQL for who shares rooms with whom, since when."""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction


def changed_members(
    tx: Transaction, room_nids: Collection[int], since: int, upto: int
) -> list[tuple[str, str | None, int | None]]:
    """(user id, membership now, its position) of whose membership of some rooms changed in (since, upto]."""
    rows = tx.all_in(
        """SELECT DISTINCT j.state_key, m.membership, m.position
           FROM state_journal j LEFT JOIN memberships m ON m.user_id = j.state_key AND m.room_nid = j.room_nid
           WHERE j.room_nid IN :rooms AND j.position > :since AND j.position <= :upto AND j.type = 'm.room.member'""",
        rooms=list(room_nids),
        since=since,
        upto=upto,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def joined_members(tx: Transaction, room_nids: Collection[int]) -> list[str]:
    """Everybody who is joined to any of some rooms."""
    rows = tx.all_in(
        "SELECT DISTINCT user_id FROM memberships WHERE room_nid IN :rooms AND membership = 'join'",
        rooms=list(room_nids),
    )
    return [row[0] for row in rows]


def has_shared_since(tx: Transaction, user_id: str, server_name: str, position: int) -> bool:
    """Whether a user has been in a room with users of a server, without a break, from a position until now."""
    row = tx.find(
        """SELECT 1 FROM memberships m JOIN room_servers s ON s.room_nid = m.room_nid
           WHERE m.user_id = :user AND m.membership = 'join' AND m.position <= :position
             AND s.server_name = :server AND s.to_position IS NULL AND s.from_position <= :position LIMIT 1""",
        user=user_id,
        server=server_name,
        position=position,
    )
    return row is not None


def servers_met(tx: Transaction, user_id: str, room_nid: int) -> list[str]:
    """The servers in a room that are in no other room of a user's."""
    rows = tx.all(
        """SELECT r.server_name FROM room_servers r
           WHERE r.room_nid = :room AND r.to_position IS NULL AND NOT EXISTS (
               SELECT 1 FROM memberships m JOIN room_servers s ON s.room_nid = m.room_nid
               WHERE m.user_id = :user AND m.membership = 'join' AND m.room_nid <> :room
                 AND s.server_name = r.server_name AND s.to_position IS NULL)""",
        user=user_id,
        room=room_nid,
    )
    return [row[0] for row in rows]
