"""The files that a room's events show, and those that stand for users and rooms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.profiles import queries as profile_queries
from homeserver.protocol.events import Event
from homeserver.rooms import queries_events, queries_state
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.service import Rooms

_AT_ONCE = 1_000
_SCHEME = "mxc://"
#: Whose face a member shows is no file of the room.
_NOT_OF_THE_ROOM = frozenset({"m.room.member"})


class MentionedMedia:
    """Finds `mxc://` URIs in events."""

    def __init__(self, database: Database, rooms: Rooms, loader: EventLoader) -> None:
        self._database = database
        self._rooms = rooms
        self._loader = loader

    async def in_room(self, room_id: str) -> list[str]:
        """The URIs of files and their thumbnails, encrypted ones where the event says so, oldest events
        first; 404 `M_NOT_FOUND` for a room that is not known."""
        room = await self._rooms.get_room(room_id)
        found: dict[str, None] = {}
        after = (-1, -1)
        while True:
            page = await self._database.read(self._page, room.room_nid, after)
            for place, uris in page:
                after = place
                found.update(dict.fromkeys(uris))
            if len(page) < _AT_ONCE:
                return list(found)

    async def of_profiles_and_rooms(self) -> set[str]:
        """The URIs of local users' and rooms' pictures."""

        def read(tx: Transaction) -> set[str]:
            nids = [nid for _, nid in queries_state.rooms_with_state(tx, "m.room.avatar")]
            events = self._loader.get_many(tx, nids).values()
            shown = {uri for event in events for uri in shown_media(event.content)}
            return shown | set(profile_queries.avatar_urls(tx))

        return await self._database.read(read)

    def _page(self, tx: Transaction, room_nid: int, after: tuple[int, int]) -> list[tuple[tuple[int, int], list[str]]]:
        places = queries_events.all_of_room(tx, room_nid, after, _AT_ONCE)
        events = self._loader.get_many(tx, [nid for _, nid in places])
        return [(place, _files_in(events[place[1]])) for place in places]


def _files_in(event: Event) -> list[str]:
    return [] if event.type in _NOT_OF_THE_ROOM else list(shown_media(event.content))


def shown_media(content: Mapping[str, Any]) -> Iterator[str]:
    """The URIs in an event's content, at the places of the specification.

    https://spec.matrix.org/v1.19/client-server-api/#mimage
    """
    info = content.get("info")
    info = info if isinstance(info, Mapping) else {}
    for value in (content.get("url"), content.get("file"), info.get("thumbnail_url"), info.get("thumbnail_file")):
        uri = value.get("url") if isinstance(value, Mapping) else value
        if isinstance(uri, str) and uri.startswith(_SCHEME):
            yield uri
