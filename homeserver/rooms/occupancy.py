"""Who is in which room now, kept in memory and dropped as the change feed tells."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from homeserver.database import ByteCache, CacheBudget, Change, ChangeFeed, Database, Transaction
from homeserver.rooms import queries_members
from homeserver.rooms.records import Membership


class Occupancy:
    """Answers who is where. Used on the reactor thread."""

    def __init__(self, database: Database, budget: CacheBudget, feed: ChangeFeed) -> None:
        self._database = database
        self._joined: ByteCache[int, tuple[str, ...]] = budget.cache("joined_users")
        self._servers: ByteCache[int, frozenset[str]] = budget.cache("joined_servers")
        self._of_user: ByteCache[str, dict[int, Membership]] = budget.cache("memberships")
        feed.subscribe("members", lambda changes: _drop_rooms(self._joined, changes))
        feed.subscribe("servers", lambda changes: _drop_rooms(self._servers, changes))
        feed.subscribe("membership", self._drop_users)

    async def joined_users(self, room_nid: int) -> tuple[str, ...]:
        """The joined users of a room, in the order in which they joined."""
        found = self._joined.get(room_nid)
        if found is None:
            position = self._database.feed.position
            found = tuple(await self._database.glance(queries_members.members_with, room_nid, "join"))
            if position == self._database.feed.position:
                self._joined.put(room_nid, found, 100 + 90 * len(found))
        return found

    async def joined_servers(self, room_nid: int) -> frozenset[str]:
        """The servers with a joined user."""
        found = self._servers.get(room_nid)
        if found is None:
            position = self._database.feed.position
            found = frozenset(await self._database.glance(queries_members.servers_in, room_nid))
            if position == self._database.feed.position:
                self._servers.put(room_nid, found, 200 + 100 * len(found))
        return found

    async def servers_at(self, room_nid: int, position: int) -> frozenset[str]:
        """The servers in the room now, and those whose last user left at this position or later."""
        current = await self.joined_servers(room_nid)
        return current | frozenset(await self._database.glance(queries_members.servers_left, room_nid, position))

    async def memberships(self, user_id: str) -> dict[int, Membership]:
        """Room number to what the user is in it, every room the user ever was asked to or was in."""
        found = self._of_user.get(user_id)
        if found is None:
            position = self._database.feed.position
            rows = await self._database.glance(queries_members.memberships_of, user_id)
            found = {row.room_nid: row for row in rows}
            if position == self._database.feed.position:
                self._of_user.put(user_id, found, 200 + 400 * len(found))
        return found

    async def membership(self, room_nid: int, user_id: str) -> str | None:
        """What a user is in a room: `join`, `invite`, `leave`, `ban`, `knock`, or None for never anything."""
        cached = self._of_user.get(user_id)
        if cached is not None:
            return cached[room_nid].membership if room_nid in cached else None
        row = await self._database.glance(queries_members.find_membership, user_id, room_nid)
        return None if row is None else row.membership

    async def rooms_shared(self, user_a: str, user_b: str) -> list[int]:
        """The numbers of the rooms that two users are joined to in common."""
        return await self._database.glance(queries_members.shared_rooms, user_a, user_b)

    async def shares_room(self, user_a: str, user_b: str) -> bool:
        """Whether two users are joined to a room in common."""
        return bool(await self._database.glance(queries_members.shared_rooms, user_a, user_b))

    async def users_sharing_rooms(self, user_id: str) -> set[str]:
        """Everybody in a room with the user, the user too if in any room."""
        return set(await self._database.read(queries_members.users_sharing_rooms, user_id))

    async def users_sharing_rooms_among(self, user_id: str, others: Collection[str]) -> set[str]:
        """Those of some others who are in a room with the user."""
        if not others:
            return set()
        return set(await self._database.browse(_users_sharing_rooms_among, user_id, others))

    async def joined_rooms_of(self, user_ids: Collection[str]) -> dict[str, set[int]]:
        """User id to the numbers of the rooms that the user is joined to."""
        rooms: dict[str, set[int]] = {}
        for user_id, room_nid in await self._database.read(queries_members.joined_rooms_of, user_ids):
            rooms.setdefault(user_id, set()).add(room_nid)
        return rooms

    async def servers_sharing_rooms(self, user_id: str) -> set[str]:
        """The servers in any room with the user."""
        return set(await self._database.read(queries_members.servers_sharing_rooms, user_id))

    def _drop_users(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._of_user.drop(change.key)


def _drop_rooms(cache: ByteCache[int, Any], changes: Iterable[Change]) -> None:
    for change in changes:
        cache.drop(int(change.key))


def _users_sharing_rooms_among(tx: Transaction, user_id: str, others: Collection[str]) -> list[str]:
    tx.expect(len(others))
    return queries_members.users_sharing_rooms_among(tx, user_id, others)


def count_members(tx: Transaction, room_nid: int) -> dict[str, int]:
    """Membership to number of users of a room."""
    return queries_members.count_members(tx, room_nid)
