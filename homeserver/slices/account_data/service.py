"""Reading and setting account data.

https://spec.matrix.org/v1.19/client-server-api/#client-config
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, invalid_param, not_found
from homeserver.slices.account_data import queries
from homeserver.slices.account_data.invites import InviteWishes

Json = dict[str, Any]

#: Stands for the room where there is none.
GLOBAL = ""
IGNORED_USERS = "m.ignored_user_list"
TAGS = "m.tag"
DIRECT = "m.direct"

_MOST_ROWS = 20_000
_GREATEST_TYPE_BYTES = 255
_GREATEST_TAG_BYTES = 255
_MOST_TAGS = 500


class AccountData:
    """The account data of local users. Each change is published under `account_data` with the user's id as key.

    `global_since` and `rooms_since` are what `/sync` composes; `deactivate` takes part in the transaction of
    `AccountHooks.on_deactivated`. `on_ignored_changed` is called within the transaction with a user who ignores others
    than before; that is published as `ignored_users` too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.on_ignored_changed: list[Callable[[Transaction, str], None]] = []
        self.invites = InviteWishes(self.ignored_users)

    async def get_content(self, user_id: str, room_id: str, data_type: str) -> Json:
        """The content of one type, of a room or `GLOBAL`; 404 `M_NOT_FOUND`."""
        content = await self._database.glance(queries.find_content, user_id, room_id, data_type)
        if content is None:
            raise not_found(f"There is no account data of type {data_type}.")
        return content

    async def put_content(self, user_id: str, room_id: str, data_type: str, content: Json) -> None:
        """Set the content of one type, of a room or `GLOBAL`; 400 for a type that is too long, or one too many."""
        if len(data_type.encode()) > _GREATEST_TYPE_BYTES:
            raise invalid_param(f"type: must have at most {_GREATEST_TYPE_BYTES} bytes.")
        await self.change(user_id, room_id, data_type, lambda old: content)

    async def tags(self, user_id: str, room_id: str) -> Json:
        """Tag to what is known of it, such as its `order`."""
        return _tags(await self._database.glance(queries.find_content, user_id, room_id, TAGS))

    async def put_tag(self, user_id: str, room_id: str, tag: str, about: Json) -> None:
        """Add or change a tag of a room; 400 `M_INVALID_PARAM` for a long name."""
        if len(tag.encode()) > _GREATEST_TAG_BYTES:
            raise invalid_param(f"tag: must have at most {_GREATEST_TAG_BYTES} bytes.")

        def add(old: Json | None) -> Json:
            tags = {**_tags(old), tag: about}
            if len(tags) > _MOST_TAGS:
                raise MatrixError(400, "M_LIMIT_EXCEEDED", f"A room has at most {_MOST_TAGS} tags.")
            return {**(old or {}), "tags": tags}

        await self.change(user_id, room_id, TAGS, add)

    async def delete_tag(self, user_id: str, room_id: str, tag: str) -> None:
        """Remove a tag from a room, if it is there."""

        def remove(old: Json | None) -> Json | None:
            tags = _tags(old)
            if tag not in tags:
                return None
            return {**(old or {}), "tags": {name: about for name, about in tags.items() if name != tag}}

        await self.change(user_id, room_id, TAGS, remove)

    async def carry_over(self, user_id: str, old_room_id: str, new_room_id: str) -> None:
        """A room was replaced by another: its tags and its place among the direct chats go with it.

        https://spec.matrix.org/v1.19/client-server-api/#server-behaviour-16
        """

        def run(tx: Transaction) -> None:
            tags = queries.find_content(tx, user_id, old_room_id, TAGS)
            if tags is not None and queries.find_content(tx, user_id, new_room_id, TAGS) is None:
                self.write(tx, user_id, (new_room_id, TAGS), tags)
            direct = queries.find_content(tx, user_id, GLOBAL, DIRECT) or {}
            followed = {other: _followed(rooms, old_room_id, new_room_id) for other, rooms in direct.items()}
            if followed != direct:
                self.write(tx, user_id, (GLOBAL, DIRECT), followed)

        await self._database.transact(run, locks=(f"account_data:{user_id}",))

    async def change(
        self, user_id: str, room_id: str, data_type: str, change: Callable[[Json | None], Json | None]
    ) -> None:
        """Set a content that depends on the old one (None: there is none); a change to None leaves it as it is."""

        def run(tx: Transaction) -> None:
            content = change(queries.find_content(tx, user_id, room_id, data_type))
            if content is not None:
                self.write(tx, user_id, (room_id, data_type), content)

        await self._database.transact(run, locks=(f"account_data:{user_id}",))

    def write(self, tx: Transaction, user_id: str, key: tuple[str, str], content: Json) -> None:
        """Set the content of a (room id, type), within a transaction."""
        if queries.find_content(tx, user_id, *key) is None and queries.count_rows(tx, user_id) >= _MOST_ROWS:
            raise MatrixError(400, "M_LIMIT_EXCEEDED", f"An account has at most {_MOST_ROWS} pieces of account data.")
        queries.write_content(tx, user_id, key, content, tx.publish("account_data", user_id))
        if key == (GLOBAL, IGNORED_USERS):
            tx.publish("ignored_users", user_id)
            for hook in self.on_ignored_changed:
                hook(tx, user_id)

    def global_since(self, tx: Transaction, user_id: str, since: int) -> list[Json]:
        """What belongs to no room and was set after a position, each `{"type", "content"}`."""
        return [_event(*row) for row in queries.global_since(tx, user_id, since)]

    def rooms_since(self, tx: Transaction, user_id: str, since: int) -> Mapping[str, list[Json]]:
        """The same by room id."""
        by_room: dict[str, list[Json]] = {}
        for room_id, _, data_type, content in queries.rooms_since(tx, user_id, since):
            by_room.setdefault(room_id, []).append(_event(data_type, content))
        return by_room

    def of_room(self, tx: Transaction, user_id: str, room_id: str) -> list[Json]:
        """All that belongs to a room, whenever it was set."""
        return [_event(*row) for row in queries.of_room(tx, user_id, room_id)]

    def ignored_users(self, tx: Transaction, user_id: str) -> frozenset[str]:
        """The users whose messages and invites this one does not want to see.

        https://spec.matrix.org/v1.19/client-server-api/#ignoring-users
        """
        return _ignored(user_id, queries.find_content(tx, user_id, GLOBAL, IGNORED_USERS))

    def ignored_by_each(self, tx: Transaction, user_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
        """The same of many users; those without a list may be left out."""
        contents = queries.contents_of_many(tx, user_ids, IGNORED_USERS)
        return {user_id: _ignored(user_id, content) for user_id, content in contents.items()}

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended: nobody can read this any more."""
        queries.delete_user(tx, user_id)


def _ignored(user_id: str, content: Json | None) -> frozenset[str]:
    ignored = None if content is None else content.get("ignored_users")
    return frozenset(ignored if isinstance(ignored, dict) else ()) - {user_id}


def _followed(rooms: Any, old_room_id: str, new_room_id: str) -> Any:
    """A list of rooms with the new one beside the old one."""
    if not isinstance(rooms, list) or old_room_id not in rooms or new_room_id in rooms:
        return rooms
    return [*rooms, new_room_id]


def _event(data_type: str, content: Json) -> Json:
    return {"type": data_type, "content": content}


def _tags(content: Json | None) -> Json:
    """The tags of an `m.tag`, which clients may also have set to anything else."""
    tags = None if content is None else content.get("tags")
    return tags if isinstance(tags, dict) else {}
