"""Aliases: this server's own, and those of others by asking them.

https://spec.matrix.org/v1.19/client-server-api/#room-aliases
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Protocol

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden, invalid_param, not_found
from homeserver.protocol.ids import check_alias, check_room_id
from homeserver.protocol.requester import Requester
from homeserver.slices.directory import queries
from homeserver.slices.directory.rules import DirectoryRules

QueryRemote = Callable[[str, str], Awaitable[tuple[str, list[str]]]]
"""(server, alias) to (room id, servers); raises `MatrixError`."""


class RoomFacts(Protocol):
    """What the directory asks about rooms."""

    async def is_joined(self, room_id: str, user_id: str) -> bool:
        """Whether the user is in the room."""

    async def may_set_state(self, room_id: str, user_id: str, event_type: str) -> bool:
        """Whether the user has the power to send this state."""

    async def joined_servers(self, room_id: str) -> Collection[str]:
        """The servers in the room."""

    async def is_known(self, room_id: str) -> bool:
        """Whether this server knows the room."""

    async def is_world_readable(self, room_id: str) -> bool:
        """Whether everybody may read the room."""

    async def drop_canonical_alias(self, room_id: str, alias: str, requester: Requester) -> None:
        """Take an alias out of the room's `m.room.canonical_alias`, if it is there and the requester may."""


class Directory:
    """Finds, adds and removes aliases, and lists rooms."""

    def __init__(
        self, database: Database, rooms: RoomFacts, query_remote: QueryRemote, rules: DirectoryRules, server_name: str
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._query_remote = query_remote
        self._rules = rules
        self._server_name = server_name

    def claim(self, tx: Transaction, alias: str, room_id: str, creator: str) -> None:
        """Add an alias within a transaction; 400 `M_ROOM_IN_USE` when it is taken, 403 where the operator's rules say
        no."""
        self._rules.check_may_name(creator, room_id, alias)
        if queries.find_alias(tx, alias) is not None:
            raise MatrixError(400, "M_ROOM_IN_USE", f"The alias {alias} is taken.")
        queries.insert_alias(tx, alias, room_id, creator)

    def move(self, tx: Transaction, old_room_id: str, new_room_id: str) -> list[str]:
        """Point a room's aliases to the one that replaces it, and list that in its place, within a transaction; the
        aliases."""
        aliases = queries.aliases_of(tx, old_room_id)
        queries.move_aliases(tx, old_room_id, new_room_id)
        if queries.is_published(tx, old_room_id):
            queries.unpublish(tx, old_room_id)
            queries.publish(tx, new_room_id)
        return aliases

    async def close(self, room_id: str, new_room_id: str | None) -> list[str]:
        """Take a room off the list, and have its aliases lead to another, if there is one; those aliases."""
        return await self._database.transact(self._close, room_id, new_room_id)

    def _close(self, tx: Transaction, room_id: str, new_room_id: str | None) -> list[str]:
        queries.unpublish(tx, room_id)
        return [] if new_room_id is None else self.move(tx, room_id, new_room_id)

    def publish(self, tx: Transaction, room_id: str) -> None:
        """List a room, within a transaction."""
        queries.publish(tx, room_id)

    async def resolve(self, alias: str) -> tuple[str, list[str]]:
        """(room id, servers that can help to join it); 404 `M_NOT_FOUND`."""
        check_alias(alias)
        server = alias.partition(":")[2]
        if server != self._server_name:
            return await self._query_remote(server, alias)
        return await self.resolve_local(alias)

    async def resolve_local(self, alias: str) -> tuple[str, list[str]]:
        """The same for an alias of this server."""
        row = await self._database.glance(queries.find_alias, alias)
        if row is None:
            raise not_found(f"There is no room alias {alias}.")
        servers = sorted(await self._rooms.joined_servers(row[0]))
        first = [self._server_name] if self._server_name in servers or not servers else []
        return row[0], [*first, *(name for name in servers if name != self._server_name)]

    async def add(self, alias: str, room_id: str, requester: Requester) -> None:
        """Add an alias to a room the requester is in; 409 `M_UNKNOWN` when it is taken."""
        self._check_local(alias)
        check_room_id(room_id)
        if self._rules.needs_membership and not await self._rooms.is_joined(room_id, requester.user_id):
            raise forbidden("You can only name rooms you are in.")
        try:
            await self._database.transact(self.claim, alias, room_id, requester.user_id)
        except MatrixError as error:
            if error.errcode != "M_ROOM_IN_USE":
                raise
            raise MatrixError(409, "M_UNKNOWN", error.message) from error

    async def remove(self, alias: str, requester: Requester) -> None:
        """Remove an alias: its creator may, and who may change the room's canonical alias, and admins."""
        check_alias(alias)
        row = await self._database.glance(queries.find_alias, alias)
        if row is None:
            raise not_found(f"There is no room alias {alias}.")
        room_id, creator = row
        may = requester.is_admin or creator == requester.user_id
        if not may and not await self._rooms.may_set_state(room_id, requester.user_id, "m.room.canonical_alias"):
            raise forbidden("You may not remove this alias.")
        await self._database.transact(queries.delete_alias, alias)
        await self._rooms.drop_canonical_alias(room_id, alias, requester)

    async def aliases_of(self, room_id: str) -> list[str]:
        """This server's aliases of a room."""
        return await self._database.glance(queries.aliases_of, room_id)

    async def may_list_aliases(self, room_id: str, user_id: str) -> bool:
        """Members may see a room's aliases, and everybody those of a world-readable room."""
        return await self._rooms.is_joined(room_id, user_id) or await self._rooms.is_world_readable(room_id)

    def is_own_name(self, server_name: str) -> bool:
        """Whether this is the name of this server."""
        return server_name == self._server_name

    async def check_canonical(self, room_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
        """Each alias that a new `m.room.canonical_alias` adds must lead to the room: 400 `M_BAD_ALIAS`."""
        for alias in _aliases(new) - _aliases(old):
            try:
                found, _ = await self.resolve(alias)
            except MatrixError as error:
                if error.errcode == "M_INVALID_PARAM":
                    raise
                found = ""
            if found != room_id:
                raise MatrixError(400, "M_BAD_ALIAS", f"{alias} does not lead to this room.")

    async def is_published(self, room_id: str) -> bool:
        """Whether the room is in the public directory; 404 for an unknown room."""
        if not await self._rooms.is_known(room_id):
            raise not_found("This server does not know the room.")
        return await self._database.glance(queries.is_published, room_id)

    async def set_published(self, room_id: str, is_public: bool, requester: Requester) -> None:
        """List a room or take it off the list; 403 for who may not set its canonical alias."""
        if not await self._rooms.is_known(room_id):
            raise not_found("This server does not know the room.")
        may = requester.is_admin or await self._rooms.may_set_state(
            room_id, requester.user_id, "m.room.canonical_alias"
        )
        if not may:
            raise forbidden("You may not change whether this room is listed.")
        if is_public and not requester.is_admin:
            self._rules.check_may_list(requester.user_id, room_id, await self.aliases_of(room_id))
        await self._database.transact(queries.publish if is_public else queries.unpublish, room_id)

    def _check_local(self, alias: str) -> None:
        check_alias(alias)
        if alias.partition(":")[2] != self._server_name:
            raise invalid_param(f"This server only has aliases that end in :{self._server_name}.")


def _aliases(content: dict[str, Any]) -> set[str]:
    alias, alternatives = content.get("alias"), content.get("alt_aliases", [])
    if alias is not None and not isinstance(alias, str):
        raise invalid_param("alias: must be a room alias.")
    if not isinstance(alternatives, list) or not all(isinstance(one, str) for one in alternatives):
        raise invalid_param("alt_aliases: must be a list of room aliases.")
    named = set(alternatives) | ({alias} if alias else set())
    for one in named:
        check_alias(one)
    return named
