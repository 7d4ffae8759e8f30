"""This server's names of a room that was replaced elsewhere: they lead to the new room once a user of its is there.

https://spec.matrix.org/v1.19/client-server-api/#room-upgrades
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from homeserver.database import Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.rooms import queries_members, queries_rooms, queries_state
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import RoomRecord

TOMBSTONE: StateKey = ("m.room.tombstone", "")
_CREATE: StateKey = ("m.room.create", "")


class MovesNames(Protocol):
    """The room directory's part in an upgrade, within the same transaction."""

    def move(self, tx: Transaction, old_room_id: str, new_room_id: str) -> list[str]:
        """Point the old room's local aliases to the new one, and list that in its place; the aliases."""


class NameMoving:
    """Follows what changes in rooms. Names move where each room names the other: the tombstone is by somebody with the
    power to end the old room, and what a new one says of itself alone would take anybody's aliases."""

    def __init__(self, loader: EventLoader, names: MovesNames, server_name: str) -> None:
        self._loader = loader
        self._names = names
        self._server_name = server_name

    def note_state(self, tx: Transaction, room: RoomRecord, changes: Mapping[StateKey, Event | None]) -> None:
        """A room has ended, or this server has come into one that replaces another; whichever is later."""
        tombstone, create = changes.get(TOMBSTONE), changes.get(_CREATE)
        if tombstone is not None:
            self._move(tx, room.room_id, tombstone.content.get("replacement_room"))
        if create is not None and isinstance(predecessor := create.content.get("predecessor"), dict):
            self._move(tx, predecessor.get("room_id"), room.room_id)

    def _move(self, tx: Transaction, old_id: object, new_id: object) -> None:
        if not isinstance(old_id, str) or not isinstance(new_id, str):
            return
        old, new = queries_rooms.find_room(tx, old_id), queries_rooms.find_room(tx, new_id)
        if old is None or new is None or not queries_members.has_joined_member(tx, new[0], self._server_name):
            return
        ending, beginning = self._current(tx, old[0], TOMBSTONE), self._current(tx, new[0], _CREATE)
        predecessor = beginning.get("predecessor")
        names_old = isinstance(predecessor, dict) and predecessor.get("room_id") == old_id
        if names_old and ending.get("replacement_room") == new_id:
            self._names.move(tx, old_id, new_id)

    def _current(self, tx: Transaction, room_nid: int, key: StateKey) -> Mapping[str, object]:
        nid = queries_state.find_current(tx, room_nid, key)
        return {} if nid is None else self._loader.get(tx, nid).content
