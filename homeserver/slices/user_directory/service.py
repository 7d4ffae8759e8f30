"""Searching for people: those one shares a room with, and those in rooms that everybody may join or read.

https://spec.matrix.org/v1.19/client-server-api/#user-directory
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from homeserver.config.rooms import UserDirectoryConfig
from homeserver.database import Database, Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.ids import server_name_of
from homeserver.rooms.records import RoomRecord
from homeserver.slices.user_directory import queries
from homeserver.slices.user_directory.queries import Person

_MOST_WORDS = 10
#: No id is longer, and databases refuse to look for what is very long.
_MOST_CHARACTERS = 1_000
_MOST_CANDIDATES = 2_000
_OPENING: tuple[StateKey, ...] = (("m.room.join_rules", ""), ("m.room.history_visibility", ""))


class WhoIsWhere(Protocol):
    """What is asked about memberships."""

    async def users_sharing_rooms(self, user_id: str) -> set[str]:
        """Everybody in a room with the user."""

    async def joined_rooms_of(self, user_ids: Collection[str]) -> Mapping[str, Collection[int]]:
        """The numbers of the rooms that each of the users is joined to."""


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
        config: UserDirectoryConfig,
        server_name: str,
    ) -> None:
        self._database = database
        self._where = where
        self._find_state = find_state
        self._config = config
        self._server_name = server_name

    async def search(self, user_id: str, term: str, limit: int) -> dict[str, Any]:
        """`results`, best first, and whether they were `limited`; nothing where the directory is switched off."""
        words = fold(term.replace("\0", "")).split()[:_MOST_WORDS]
        is_too_long = any(len(word) > _MOST_CHARACTERS for word in words)
        if not words or is_too_long or not self._config.is_enabled:
            return {"results": [], "limited": False}
        people = await self._database.read(queries.people_with, words, _MOST_CANDIDATES)
        visible = await self._visible(user_id, [person.user_id for person in people])
        found = [person for person in people if person.user_id in visible]
        found.sort(key=lambda person: self._rank(person, " ".join(words)))
        return {"results": [_told(person) for person in found[:limit]], "limited": len(found) > limit}

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
            and server_name_of(user_id) != self._server_name
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

    async def _visible(self, user_id: str, candidates: Collection[str]) -> set[str]:
        # Somebody alone with themselves is found by nobody, themselves included.
        visible = set(await self._where.users_sharing_rooms(user_id)) - {user_id}
        if self._config.search_all_users:
            visible.update(one for one in candidates if server_name_of(one) == self._server_name)
        others = [one for one in candidates if one not in visible]
        if others:
            open_rooms = await self._database.read(queries.open_rooms)
            rooms = await self._where.joined_rooms_of(others)
            visible.update(one for one in others if any(nid in open_rooms for nid in rooms.get(one, ())))
        return visible

    def _rank(self, person: Person, term: str) -> tuple[bool, int, bool, str]:
        """Own server first where so configured; whole names before beginnings before the rest; named ones first."""
        is_remote = server_name_of(person.user_id) != self._server_name
        names = [fold(person.user_id[1:].partition(":")[0]), fold(person.display_name or "")]
        quality = 0 if term in names else 1 if any(name.startswith(term) for name in names) else 2
        is_far = is_remote and self._config.prefer_local_users
        return is_far, quality, person.display_name is None, person.user_id


def fold(text: str) -> str:
    """For comparison: without case, accents and differences of width."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(one for one in decomposed if not unicodedata.combining(one))


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
