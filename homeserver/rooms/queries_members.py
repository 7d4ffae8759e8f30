"""SQL for memberships and for the servers in a room."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from homeserver.database import Transaction
from homeserver.rooms.records import Membership


def write_memberships(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    """Set what users are in a room now. Who was joined and has only a new profile keeps the position of the join.

    Each row: user_id, room_nid, server_name, membership, event_nid, position, stripped.
    """
    tx.run_many(
        """INSERT INTO memberships
               (user_id, room_nid, server_name, membership, event_nid, position, forgotten, stripped)
           VALUES (:user_id, :room_nid, :server_name, :membership, :event_nid, :position, 0, :stripped)
           ON CONFLICT (user_id, room_nid) DO UPDATE SET membership = excluded.membership,
               event_nid = excluded.event_nid, forgotten = 0, stripped = excluded.stripped,
               position = CASE WHEN memberships.membership = 'join' AND excluded.membership = 'join'
                               THEN memberships.position ELSE excluded.position END""",
        rows,
    )


def delete_membership(tx: Transaction, user_id: str, room_nid: int) -> None:
    """Resolution took the member event away."""
    tx.run("DELETE FROM memberships WHERE user_id = :user AND room_nid = :room", user=user_id, room=room_nid)


def find_membership(tx: Transaction, user_id: str, room_nid: int) -> Membership | None:
    """What a user is in a room."""
    row = tx.find(
        """SELECT m.room_nid, r.room_id, m.user_id, m.membership, m.event_nid, m.position, m.forgotten
           FROM memberships m JOIN rooms r ON r.room_nid = m.room_nid
           WHERE m.user_id = :user AND m.room_nid = :room""",
        user=user_id,
        room=room_nid,
    )
    return None if row is None else _membership(row)


def memberships_of(tx: Transaction, user_id: str) -> list[Membership]:
    """Every room a user is, was or is asked to be in."""
    rows = tx.all(
        """SELECT m.room_nid, r.room_id, m.user_id, m.membership, m.event_nid, m.position, m.forgotten
           FROM memberships m JOIN rooms r ON r.room_nid = m.room_nid WHERE m.user_id = :user""",
        user=user_id,
    )
    return [_membership(row) for row in rows]


def members_with(tx: Transaction, room_nid: int, membership: str) -> list[str]:
    """The users of a room with this membership, in the order in which they got it."""
    rows = tx.all(
        """SELECT user_id FROM memberships WHERE room_nid = :room AND membership = :membership
           ORDER BY position, event_nid""",
        room=room_nid,
        membership=membership,
    )
    return [row[0] for row in rows]


def first_members(
    tx: Transaction, room_nid: int, memberships: Collection[str], except_user: str, limit: int
) -> list[str]:
    """The first users to get one of these memberships, without one."""
    rows = tx.all_in(
        """SELECT user_id, position, event_nid FROM memberships
           WHERE room_nid = :room AND membership IN :memberships AND user_id <> :user
           ORDER BY position, event_nid LIMIT :limit""",
        room=room_nid,
        memberships=list(memberships),
        user=except_user,
        limit=limit,
    )
    return [row[0] for row in rows]


def count_members(tx: Transaction, room_nid: int) -> dict[str, int]:
    """Membership to number of users."""
    rows = tx.all(
        "SELECT membership, COUNT(*) FROM memberships WHERE room_nid = :room GROUP BY membership", room=room_nid
    )
    return {row[0]: row[1] for row in rows}


def find_stripped(tx: Transaction, user_id: str, room_nid: int) -> bytes | None:
    """The stripped state that came with an invite or belongs to a knock."""
    value = tx.value(
        "SELECT stripped FROM memberships WHERE user_id = :user AND room_nid = :room", user=user_id, room=room_nid
    )
    return None if value is None else bytes(value)


def set_forgotten(tx: Transaction, user_id: str, room_nid: int) -> None:
    """The user wants to see this room no more."""
    tx.run(
        "UPDATE memberships SET forgotten = 1 WHERE user_id = :user AND room_nid = :room",
        user=user_id,
        room=room_nid,
    )


def delete_memberships_of_room(tx: Transaction, room_nid: int, keep: Collection[str]) -> None:
    """Forget what was known of a room's members, as it is joined anew; those in `keep` stay."""
    for user_id in members_except(tx, room_nid, keep):
        delete_membership(tx, user_id, room_nid)


def members_except(tx: Transaction, room_nid: int, keep: Collection[str]) -> list[str]:
    """The users with any membership in a room, but those named."""
    rows = tx.all("SELECT user_id FROM memberships WHERE room_nid = :room", room=room_nid)
    return [row[0] for row in rows if row[0] not in keep]


def open_server_span(tx: Transaction, room_nid: int, server_name: str, position: int) -> None:
    """From this position on the server has a joined member."""
    tx.run(
        """INSERT INTO room_servers (room_nid, server_name, from_position) VALUES (:room, :server, :position)
           ON CONFLICT (room_nid, server_name, from_position) DO UPDATE SET to_position = NULL""",
        room=room_nid,
        server=server_name,
        position=position,
    )


def close_server_span(tx: Transaction, room_nid: int, server_name: str, position: int) -> None:
    """At this position the last member of the server left."""
    tx.run(
        """UPDATE room_servers SET to_position = :position
           WHERE room_nid = :room AND server_name = :server AND to_position IS NULL""",
        room=room_nid,
        server=server_name,
        position=position,
    )


def has_joined_member(tx: Transaction, room_nid: int, server_name: str) -> bool:
    """Whether any user of the server is joined."""
    return (
        tx.find(
            """SELECT 1 FROM memberships
               WHERE room_nid = :room AND membership = 'join' AND server_name = :server LIMIT 1""",
            room=room_nid,
            server=server_name,
        )
        is not None
    )


def has_open_span(tx: Transaction, room_nid: int, server_name: str) -> bool:
    """Whether the server counts as being in the room."""
    return (
        tx.find(
            """SELECT 1 FROM room_servers
               WHERE room_nid = :room AND server_name = :server AND to_position IS NULL LIMIT 1""",
            room=room_nid,
            server=server_name,
        )
        is not None
    )


def has_been_in(tx: Transaction, room_nid: int, server_name: str) -> bool:
    """Whether a server has, or once had, a joined member."""
    sql = "SELECT 1 FROM room_servers WHERE room_nid = :room AND server_name = :server LIMIT 1"
    return tx.find(sql, room=room_nid, server=server_name) is not None


def local_users_with(tx: Transaction, room_nid: int, memberships: Collection[str], server_name: str) -> list[str]:
    """The users of a server who are one of these in a room."""
    rows = tx.all_in(
        """SELECT user_id FROM memberships
           WHERE room_nid = :room AND server_name = :server AND membership IN :memberships ORDER BY user_id""",
        room=room_nid,
        server=server_name,
        memberships=list(memberships),
    )
    return [row[0] for row in rows]


def servers_in(tx: Transaction, room_nid: int) -> list[str]:
    """The servers with a joined member now."""
    rows = tx.all("SELECT server_name FROM room_servers WHERE room_nid = :room AND to_position IS NULL", room=room_nid)
    return [row[0] for row in rows]


def servers_left(tx: Transaction, room_nid: int, position: int) -> list[str]:
    """The servers whose last member left at a position or later."""
    rows = tx.all(
        "SELECT server_name FROM room_servers WHERE room_nid = :room AND to_position >= :position",
        room=room_nid,
        position=position,
    )
    return [row[0] for row in rows]


def shared_rooms(tx: Transaction, user_a: str, user_b: str) -> list[int]:
    """The rooms both users are joined to."""
    rows = tx.all(
        """SELECT a.room_nid FROM memberships a JOIN memberships b ON b.room_nid = a.room_nid
           WHERE a.user_id = :a AND b.user_id = :b AND a.membership = 'join' AND b.membership = 'join'""",
        a=user_a,
        b=user_b,
    )
    return [row[0] for row in rows]


def users_sharing_rooms(tx: Transaction, user_id: str) -> list[str]:
    """Everybody who is joined to a room that this user is joined to, the user too."""
    rows = tx.all(
        """SELECT DISTINCT b.user_id FROM memberships a JOIN memberships b ON b.room_nid = a.room_nid
           WHERE a.user_id = :user AND a.membership = 'join' AND b.membership = 'join'""",
        user=user_id,
    )
    return [row[0] for row in rows]


def users_sharing_rooms_among(tx: Transaction, user_id: str, others: Collection[str]) -> list[str]:
    """Those of some others who are joined to a room that this user is joined to."""
    rows = tx.all_in(
        """SELECT DISTINCT b.user_id FROM memberships b JOIN memberships a ON a.room_nid = b.room_nid
           WHERE b.user_id IN :others AND b.membership = 'join' AND a.user_id = :user AND a.membership = 'join'""",
        others=list(others),
        user=user_id,
    )
    return [row[0] for row in rows]


def joined_rooms_of(tx: Transaction, user_ids: Collection[str]) -> list[tuple[str, int]]:
    """(user id, room number) of every room that any of some users is joined to."""
    rows = tx.all_in(
        "SELECT user_id, room_nid FROM memberships WHERE user_id IN :users AND membership = 'join'",
        users=list(user_ids),
    )
    return [(row[0], row[1]) for row in rows]


def servers_sharing_rooms(tx: Transaction, user_id: str) -> list[str]:
    """The servers in any room that this user is joined to."""
    rows = tx.all(
        """SELECT DISTINCT s.server_name FROM memberships m JOIN room_servers s ON s.room_nid = m.room_nid
           WHERE m.user_id = :user AND m.membership = 'join' AND s.to_position IS NULL""",
        user=user_id,
    )
    return [row[0] for row in rows]


def _membership(row: tuple[Any, ...]) -> Membership:
    room_nid, room_id, user_id, membership, event_nid, position, forgotten = row
    return Membership(room_nid, room_id, user_id, membership, event_nid, position, bool(forgotten))
