"""Searching for people: those one shares a room with, and those in rooms that everybody may join or read.

https://spec.matrix.org/v1.19/client-server-api/#user-directory
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

from homeserver.config.rooms import UserDirectoryConfig
from homeserver.database import Database, Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.ids import server_name_of
from homeserver.rooms.records import RoomRecord
from homeserver.slices.user_directory import queries
from homeserver.slices.user_directory.names import Match, fold, match
from homeserver.slices.user_directory.queries import Person

_MOST_WORDS = 10
#: No id is longer, and databases refuse to look for what is very long.
_MOST_CHARACTERS = 1_000
_PAGE = 2_000
#: Who searches for less than a name gets what stands in so many pages of people, and is told that there is more.
_MOST_PAGES = 10
_OPENING: tuple[StateKey, ...] = (("m.room.join_rules", ""), ("m.room.history_visibility", ""))


class WhoIsWhere(Protocol):
    """What is asked about memberships."""

    async def users_sharing_rooms(self, user_id: str) -> set[str]:
        """Everybody in a room with the user."""

    async def joined_rooms_of(self, user_ids: Collection[str]) -> Mapping[str, Collection[int]]:
        """The numbers of the rooms that each of the users is joined to."""

    async def joined_servers(self, room_nid: int) -> Collection[str]:
        """The servers in a room, as far as this one knows."""


LockedAmong = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""Those of some users whose accounts here are locked."""

FindState = Callable[[Transaction, int, StateKey], Event | None]
"""(room number, key) to the event of the current state."""


class UserDirectory:
    """Finds people. `note_state`, `note_profile` and `deactivate` take part where rooms, profiles and accounts are
    written."""

    def __init__(
        self,
        database: Database,
        where: WhoIsWhere,
        find_state: FindState,
        locked_among: LockedAmong,
        config: UserDirectoryConfig,
        server_name: str,
    ) -> None:
        self._database = database
        self._where = where
        self._find_state = find_state
        self._locked_among = locked_among
        self._config = config
        self._server_name = server_name

    async def search(self, user_id: str, term: str, limit: int) -> dict[str, Any]:
        """`results`, best first, and whether they were `limited`; nothing where the directory is switched off."""
        words = fold(term.replace("\0", "")).split()[:_MOST_WORDS]
        is_too_long = any(len(word) > _MOST_CHARACTERS for word in words)
        if not words or is_too_long or not self._config.is_enabled:
            return {"results": [], "limited": False}
        # Somebody alone with themselves is found by nobody, themselves included.
        sharing = set(await self._where.users_sharing_rooms(user_id)) - {user_id}
        found: list[tuple[Match, Person]] = []
        after: str | None = ""
        for _ in range(_MOST_PAGES):
            people = await self._database.read(queries.people_with, words, after, _PAGE)
            found += await self._found(sharing, words, people)
            after = people[-1].user_id if len(people) == _PAGE else None
            if after is None:
                break
        found.sort(key=self._rank)
        is_limited = len(found) > limit or after is not None
        return {"results": [_told(person) for _, person in found[:limit]], "limited": is_limited}

    def note_profile(self, tx: Transaction, user_id: str, display_name: str | None, avatar_url: str | None) -> None:
        """What a local user is called now."""
        self._write(tx, [Person(user_id, display_name, avatar_url)])

    def note_state(self, tx: Transaction, room: RoomRecord, changes: Mapping[StateKey, Event | None]) -> None:
        """The current state of a room has changed: somebody of another server may be called otherwise, or the room may
        be open now."""
        people = [
            Person(user_id, _text(event.content, "displayname"), _text(event.content, "avatar_url"))
            for (event_type, user_id), event in changes.items()
            if event_type == "m.room.member"
            and event is not None
            and event.membership == "join"
            and not self._is_local(user_id)
        ]
        self._write(tx, people)
        if any(key in changes for key in _OPENING):
            queries.set_open(tx, room.room_nid, self._is_open(tx, room.room_nid))

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended."""
        queries.delete_person(tx, user_id)

    @staticmethod
    def _write(tx: Transaction, people: list[Person]) -> None:
        rows = [(person, fold(f"{person.user_id} {person.display_name or ''}")) for person in people]
        queries.write_people(tx, rows)

    def _is_open(self, tx: Transaction, room_nid: int) -> bool:
        rules, visibility = (self._find_state(tx, room_nid, key) for key in _OPENING)
        if rules is not None and rules.content.get("join_rule") == "public":
            return True
        return visibility is not None and visibility.content.get("history_visibility") == "world_readable"

    async def _found(
        self, sharing: set[str], words: list[str], people: Collection[Person]
    ) -> list[tuple[Match, Person]]:
        """Those of these people whom the words fit and may be found by who shares rooms with `sharing`."""
        fitting = {
            person.user_id: (quality, person)
            for person in people
            if (quality := match(words, person.user_id, person.display_name)) is not None
            and (self._is_local(person.user_id) or not self._config.exclude_remote_users)
        }
        visible = await self._visible(sharing, fitting)
        if not self._config.show_locked_users:
            visible.difference_update(await self._locked_among(visible))
        return [fitting[one] for one in fitting if one in visible]

    async def _visible(self, sharing: set[str], candidates: Collection[str]) -> set[str]:
        visible = {one for one in candidates if one in sharing}
        if self._config.search_all_users:
            visible.update(one for one in candidates if self._is_local(one))
        others = [one for one in candidates if one not in visible]
        if others:
            rooms = await self._where.joined_rooms_of(others)
            open_rooms = await self._open_rooms({nid for nids in rooms.values() for nid in nids})
            visible.update(one for one in others if not open_rooms.isdisjoint(rooms.get(one, ())))
        return visible

    async def _open_rooms(self, room_nids: Collection[int]) -> set[int]:
        """Those of these rooms that everybody may join or read; not those that this server has left."""
        is_open = await self._database.read(queries.open_rooms)
        return {
            nid for nid in room_nids if nid in is_open and self._server_name in await self._where.joined_servers(nid)
        }

    def _is_local(self, user_id: str) -> bool:
        return server_name_of(user_id) == self._server_name

    def _rank(self, found: tuple[Match, Person]) -> tuple[bool, Match, bool, str]:
        """Own server first where so configured; then who fits best; named ones before others."""
        quality, person = found
        is_far = self._config.prefer_local_users and not self._is_local(person.user_id)
        return is_far, quality, person.display_name is None, person.user_id


def _text(content: Mapping[str, Any], key: str) -> str | None:
    value = content.get(key)
    return value.replace("\0", "")[:1000] if isinstance(value, str) else None


def _told(person: Person) -> dict[str, Any]:
    told: dict[str, Any] = {"user_id": person.user_id}
    if person.display_name is not None:
        told["display_name"] = person.display_name
    if person.avatar_url is not None:
        told["avatar_url"] = person.avatar_url
    return told
