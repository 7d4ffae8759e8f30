"""Who shares rooms with whom: what may be told about a person to others, and to which servers.

Callable within a transaction.
"""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Transaction
from homeserver.rooms import queries_members, queries_partial, queries_sharing

_NEAR = ("join", "invite", "knock")
#: Later than any position.
_NOW = 2**62


class RoomSharing:
    """Answers questions about two users, or a user and a server, who are joined to the same rooms."""

    def __init__(self, server_name: str) -> None:
        self._server_name = server_name

    def joined_rooms(self, tx: Transaction, user_id: str) -> set[int]:
        """The numbers of the rooms that a user is joined to."""
        return {room_nid for _, room_nid in queries_members.joined_rooms_of(tx, [user_id])}

    def sharing_with(self, tx: Transaction, user_id: str, others: Collection[str]) -> set[str]:
        """Those of some users who share a room with this one."""
        mine = self.joined_rooms(tx, user_id)
        return {other for other, room_nid in queries_members.joined_rooms_of(tx, others) if room_nid in mine}

    def servers_of(self, tx: Transaction, user_id: str) -> set[str]:
        """The other servers in rooms with a user."""
        return set(queries_members.servers_sharing_rooms(tx, user_id)) - {self._server_name}

    def servers_met(self, tx: Transaction, user_id: str, room_nid: int) -> set[str]:
        """The other servers in a room that are in no other room with the user."""
        return set(queries_sharing.servers_met(tx, user_id, room_nid)) - {self._server_name}

    def has_just_joined(self, tx: Transaction, user_id: str, room_nid: int) -> bool:
        """Whether a user's stay in a room begins with this transaction, which has published its position."""
        row = queries_members.find_membership(tx, user_id, room_nid)
        return row is not None and row.membership == "join" and row.position == tx.position

    def is_near(self, tx: Transaction, user_id: str, since: int = _NOW) -> bool:
        """Whether another server's user is in a room with local users, and was so without a break since a position."""
        return queries_sharing.has_shared_since(tx, user_id, self._server_name, since)

    def come_and_gone(self, tx: Transaction, user_id: str, since: int, upto: int) -> tuple[set[str], set[str]]:
        """(who has begun to share a room with a user, who shares none any more), by changes in (since, upto].

        Who is invited counts as coming: what is written meanwhile may be for them too. Among the first may be some who
        shared another room before, among the second some who never did.
        """
        stays: set[int] = set()
        begun: set[int] = set()
        ended: set[int] = set()
        for row in queries_members.memberships_of(tx, user_id):
            is_new = since < row.position <= upto
            if row.membership == "join":
                (begun if is_new else stays).add(row.room_nid)
            elif row.membership in ("leave", "ban") and is_new:
                ended.add(row.room_nid)
        completed = stays.intersection(queries_partial.completed_between(tx, since, upto))
        come = set(queries_sharing.joined_members(tx, begun | completed))
        gone = set(queries_sharing.joined_members(tx, ended))
        gone |= {change[0] for change in queries_sharing.changed_members(tx, ended | begun, since, upto)}
        for other, membership, position in queries_sharing.changed_members(tx, stays, since, upto):
            if membership not in _NEAR:
                gone.add(other)
            elif position is not None and position > since:
                come.add(other)
        gone -= {user_id, *come}
        return come - {user_id}, gone - self.sharing_with(tx, user_id, gone)
