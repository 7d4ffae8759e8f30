"""Rooms with many members, written into the database of a server that does not run."""

from __future__ import annotations

from twisted.internet import reactor

from homeserver.config import Config
from homeserver.database import Transaction
from homeserver.rooms import queries_rooms
from homeserver.rooms.kernel import room_lock
from homeserver.rooms.records import EventDraft, RoomRecord
from homeserver.rooms.service import wall_clock_ms
from homeserver.wiring.ground import Ground, lay_ground
from homeserver.wiring.tables import TABLES
from tests.support.own_reactor import run

_AT_ONCE = 500


def add_members(config: Config, room_id: str, count: int) -> list[str]:
    """Have so many users of the server, who have no account, join its public room one after the other; their ids."""
    ground = lay_ground(config, reactor)
    ground.database.start(TABLES)
    user_ids = [f"@member-{number}:{ground.server_name}" for number in range(count)]
    try:
        for start in range(0, count, _AT_ONCE):
            run(_join_all(ground, room_id, user_ids[start : start + _AT_ONCE]))
    finally:
        ground.database.close()
    return user_ids


async def _join_all(ground: Ground, room_id: str, user_ids: list[str]) -> None:
    room = await ground.rooms.get_room(room_id)
    await ground.database.transact(_append, ground, room, user_ids, locks=(room_lock(room.room_nid),))


def _append(tx: Transaction, ground: Ground, room: RoomRecord, user_ids: list[str]) -> None:
    assert queries_rooms.find_current_snapshot(tx, room.room_nid) is not None
    for number, user_id in enumerate(user_ids):
        content = {"membership": "join", "displayname": f"Member {number}"}
        draft = EventDraft("m.room.member", user_id, content, state_key=user_id)
        ground.parts.composer.append(tx, room, draft, now_ms=wall_clock_ms())
