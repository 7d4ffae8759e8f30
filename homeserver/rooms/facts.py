"""What other parts ask about rooms by their ids: who is in, who may, and what a room says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.power_levels import PowerLevels
from homeserver.protocol.requester import Requester
from homeserver.rooms import queries_rooms
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import EventDraft, RoomRecord
from homeserver.rooms.service import Rooms

_CREATE: StateKey = ("m.room.create", "")
_POWER: StateKey = ("m.room.power_levels", "")
_CANONICAL_ALIAS: StateKey = ("m.room.canonical_alias", "")
#: State type, key in its content, and the entry of the public room list that it fills.
_TEXTS = (
    ("m.room.name", "name", "name"),
    ("m.room.topic", "topic", "topic"),
    ("m.room.avatar", "url", "avatar_url"),
    ("m.room.canonical_alias", "alias", "canonical_alias"),
    ("m.room.join_rules", "join_rule", "join_rule"),
    ("m.room.create", "type", "room_type"),
)
DESCRIBING = {name for name, _, _ in _TEXTS} | {"m.room.history_visibility", "m.room.guest_access"}


class RoomFacts:
    """Answers questions about rooms."""

    def __init__(self, database: Database, rooms: Rooms, parts: RoomParts) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts

    async def is_known(self, room_id: str) -> bool:
        """Whether this server has heard of the room."""
        return await self._rooms.find_room(room_id) is not None

    async def is_joined(self, room_id: str, user_id: str) -> bool:
        """Whether the user is in the room."""
        room = await self._rooms.find_room(room_id)
        return room is not None and await self._rooms.occupancy.membership(room.room_nid, user_id) == "join"

    async def joined_servers(self, room_id: str) -> frozenset[str]:
        """The servers in the room; none for a room that is not known."""
        room = await self._rooms.find_room(room_id)
        return frozenset() if room is None else await self._rooms.occupancy.joined_servers(room.room_nid)

    async def may_set_state(self, room_id: str, user_id: str, event_type: str) -> bool:
        """Whether the user is in the room and has the power to send this state."""
        room = await self._rooms.find_room(room_id)
        if room is None or not await self.is_joined(room_id, user_id):
            return False
        create = await self._rooms.find_state_event(room.room_nid, _CREATE)
        levels = PowerLevels.from_state(create, await self._rooms.find_state_event(room.room_nid, _POWER))
        return levels.of_user(user_id) >= levels.needed_for(event_type, is_state=True)

    async def check_may_invite(self, room_id: str, user_id: str) -> None:
        """Raise 403 `M_FORBIDDEN` unless the user is in the room and has the power to invite."""
        room = await self._rooms.get_room_of(room_id, user_id)
        create = await self._rooms.find_state_event(room.room_nid, _CREATE)
        levels = PowerLevels.from_state(create, await self._rooms.find_state_event(room.room_nid, _POWER))
        if levels.of_user(user_id) < levels.invite:
            raise forbidden(f"{user_id} has not the power to invite.")

    async def is_world_readable(self, room_id: str) -> bool:
        """Whether everybody may read the room."""
        room = await self._rooms.find_room(room_id)
        return room is not None and await self._database.glance(self._is_world_readable, room)

    async def drop_canonical_alias(self, room_id: str, alias: str, requester: Requester) -> None:
        """Take an alias out of the room's `m.room.canonical_alias`, if it is there and the requester may."""
        room = await self._rooms.find_room(room_id)
        event = None if room is None else await self._rooms.find_state_event(room.room_nid, _CANONICAL_ALIAS)
        if event is None:
            return
        content = _without(event, alias)
        if content == event.content:
            return
        draft = EventDraft("m.room.canonical_alias", requester.user_id, content, state_key="")
        try:
            await self._rooms.send(room_id, draft, requester)
        except MatrixError as error:
            if error.status >= 500:
                raise

    async def describe(self, room_id: str) -> dict[str, Any] | None:
        """The room's entry in a list of rooms; None for one that nobody is in any more.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3publicrooms
        """
        room = await self._rooms.find_room(room_id)
        if room is None:
            return None
        count = len(await self._rooms.occupancy.joined_users(room.room_nid))
        if not count:
            return None
        state = await self._database.glance(self._describing_state, room)
        return {"room_id": room_id, "num_joined_members": count, **described(state)}

    def _is_world_readable(self, tx: Transaction, room: RoomRecord) -> bool:
        snapshot_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        return snapshot_nid is not None and self._parts.visibility.is_world_readable(tx, snapshot_nid)

    def _describing_state(self, tx: Transaction, room: RoomRecord) -> dict[str, dict[str, Any]]:
        snapshot_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        if snapshot_nid is None:
            return {}
        state = self._parts.snapshots.get(tx, snapshot_nid)
        nids = {name: nid for name in DESCRIBING if (nid := state.get((name, ""))) is not None}
        events = self._parts.loader.get_many(tx, list(nids.values()))
        return {name: events[nid].content for name, nid in nids.items()}


def described(state: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The fields of a room's description out of the contents of its state (those of DESCRIBING) by type."""
    entry: dict[str, Any] = {
        "world_readable": state.get("m.room.history_visibility", {}).get("history_visibility") == "world_readable",
        "guest_can_join": state.get("m.room.guest_access", {}).get("guest_access") == "can_join",
    }
    for event_type, key, name in _TEXTS:
        value = state.get(event_type, {}).get(key)
        if isinstance(value, str) and value:
            entry[name] = value
    return entry


def _without(event: Event, alias: str) -> dict[str, Any]:
    content = {key: value for key, value in event.content.items() if not (key == "alias" and value == alias)}
    others = content.get("alt_aliases")
    if isinstance(others, list) and alias in others:
        content["alt_aliases"] = [one for one in others if one != alias]
    return content
