"""What a room shows of itself to those who are not in it, and to whom.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.events import Event, StateKey
from homeserver.rooms import queries_rooms
from homeserver.rooms.facts import DESCRIBING, described
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import RoomRecord
from homeserver.rooms.service import Rooms

Json = dict[str, Any]

_TYPES = {*DESCRIBING, "m.room.encryption"}
_OPEN_RULES = ("public", "knock", "knock_restricted")
_RESTRICTED_RULES = ("restricted", "knock_restricted")
_CHILD = "m.space.child"


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """`about`: the room's summary as the specification has it. `children`: its `m.space.child` events, stripped, with
    `origin_server_ts`; none for a room that is no space."""

    about: Json
    children: tuple[Json, ...] = ()

    @property
    def room_id(self) -> str:
        """The room."""
        return str(self.about["room_id"])

    @property
    def is_open(self) -> bool:
        """Whether anybody may join, knock or read."""
        return self.about.get("world_readable") is True or self.about.get("join_rule") in _OPEN_RULES

    @property
    def allowed_room_ids(self) -> tuple[str, ...]:
        """The rooms whose members may join."""
        if self.about.get("join_rule") not in _RESTRICTED_RULES:
            return ()
        ids = self.about.get("allowed_room_ids")
        return tuple(one for one in ids if isinstance(one, str)) if isinstance(ids, list) else ()


class RoomSummaries:
    """Summaries of the rooms this server is in, and who may see any summary."""

    def __init__(self, database: Database, rooms: Rooms, parts: RoomParts, server_name: str) -> None:
        self._database = database
        self._rooms = rooms
        self._parts = parts
        self._server_name = server_name

    async def find_local(self, room_id: str) -> RoomSummary | None:
        """The summary of a room this server is in."""
        room = await self._rooms.find_room(room_id)
        if room is None or self._server_name not in await self._rooms.occupancy.joined_servers(room.room_nid):
            return None
        count = len(await self._rooms.occupancy.joined_users(room.room_nid))
        state = await self._database.read(self._state, room)
        return _summary(room, state, count)

    async def find_membership(self, room_id: str, user_id: str) -> str | None:
        """What a local user is in a room, as far as this server knows."""
        room = await self._rooms.find_room(room_id)
        return None if room is None else await self._rooms.occupancy.membership(room.room_nid, user_id)

    async def may_user_see(self, summary: RoomSummary, user_id: str | None) -> bool:
        """Whether a local user (None: somebody without an account) may see a summary, this server's or another's."""
        if user_id is None:
            return summary.is_open
        if summary.is_open or await self.find_membership(summary.room_id, user_id) in ("join", "invite"):
            return True
        return await _any(summary.allowed_room_ids, lambda room_id: self._is_joined(room_id, user_id))

    async def may_server_see(self, summary: RoomSummary, server_name: str) -> bool:
        """Whether another server may see the summary of a room of this one."""
        if summary.is_open or await self._is_server_in(summary.room_id, server_name):
            return True
        return await _any(summary.allowed_room_ids, lambda room_id: self._is_server_in(room_id, server_name))

    async def _is_joined(self, room_id: str, user_id: str) -> bool:
        return await self.find_membership(room_id, user_id) == "join"

    async def _is_server_in(self, room_id: str, server_name: str) -> bool:
        room = await self._rooms.find_room(room_id)
        return room is not None and server_name in await self._rooms.occupancy.joined_servers(room.room_nid)

    def _state(self, tx: Transaction, room: RoomRecord) -> dict[StateKey, Event]:
        snapshot_nid = queries_rooms.find_current_snapshot(tx, room.room_nid)
        if snapshot_nid is None:
            return {}
        state = self._parts.snapshots.get(tx, snapshot_nid)
        nids = {key: nid for key, nid in state.items() if key[0] == _CHILD or (key[0] in _TYPES and not key[1])}
        events = self._parts.loader.get_many(tx, list(nids.values()))
        return {key: events[nid] for key, nid in nids.items()}


def _summary(room: RoomRecord, state: Mapping[StateKey, Event], joined: int) -> RoomSummary:
    contents = {key[0]: event.content for key, event in state.items() if not key[1]}
    about: Json = {
        "room_id": room.room_id,
        "num_joined_members": joined,
        "room_version": room.version.version,
        **described(contents),
    }
    algorithm = contents.get("m.room.encryption", {}).get("algorithm")
    if isinstance(algorithm, str):
        about["encryption"] = algorithm
    if about.get("join_rule") in _RESTRICTED_RULES:
        about["allowed_room_ids"] = _allowed(contents["m.room.join_rules"])
    children = () if about.get("room_type") != "m.space" else _children(state)
    return RoomSummary(about, children)


def _allowed(rules: Mapping[str, Any]) -> list[str]:
    conditions = rules.get("allow")
    return [
        one["room_id"]
        for one in (conditions if isinstance(conditions, list) else ())
        if isinstance(one, dict) and one.get("type") == "m.room_membership" and isinstance(one.get("room_id"), str)
    ]


def _children(state: Mapping[StateKey, Event]) -> tuple[Json, ...]:
    return tuple(
        {
            "type": _CHILD,
            "state_key": key[1],
            "content": event.content,
            "sender": event.sender,
            "origin_server_ts": event.origin_server_ts,
        }
        for key, event in state.items()
        if key[0] == _CHILD and isinstance(event.content.get("via"), list) and event.content["via"]
    )


async def _any(room_ids: tuple[str, ...], fits: Callable[[str], Awaitable[bool]]) -> bool:
    for room_id in room_ids[:50]:
        if await fits(room_id):
            return True
    return False
