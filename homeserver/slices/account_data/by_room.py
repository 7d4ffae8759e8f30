"""Account data as sliding sync asks for it: room by room, each with where it was set.

https://spec.matrix.org/v1.19/client-server-api/#client-config
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.database import Transaction
from homeserver.slices.account_data import queries
from homeserver.slices.account_data.service import DIRECT, GLOBAL

Json = dict[str, Any]


class RoomAccountData:
    """Callable within a transaction."""

    def rooms_changed_since(self, tx: Transaction, user_id: str, since: int) -> Mapping[str, list[tuple[int, Json]]]:
        """Room id to (position, `{"type", "content"}`) of what was set after a position."""
        by_room: dict[str, list[tuple[int, Json]]] = {}
        for room_id, position, data_type, content in queries.rooms_since(tx, user_id, since):
            by_room.setdefault(room_id, []).append((position, {"type": data_type, "content": content}))
        return by_room

    def direct_rooms(self, tx: Transaction, user_id: str) -> frozenset[str]:
        """The ids of the rooms that are direct chats, whoever with.

        https://spec.matrix.org/v1.19/client-server-api/#mdirect
        """
        direct = queries.find_content(tx, user_id, GLOBAL, DIRECT) or {}
        lists = (rooms for rooms in direct.values() if isinstance(rooms, list))
        return frozenset(room_id for rooms in lists for room_id in rooms if isinstance(room_id, str))
