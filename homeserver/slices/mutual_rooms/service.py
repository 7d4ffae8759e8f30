"""Finding the rooms two users share."""

from __future__ import annotations

from typing import Any

from homeserver.protocol.errors import invalid_param
from homeserver.rooms.occupancy import Occupancy

PAGE = 100


class MutualRooms:
    """Answers which rooms a user shares with another."""

    def __init__(self, occupancy: Occupancy) -> None:
        self._occupancy = occupancy

    async def page(self, user_id: str, other: str, token: str | None) -> dict[str, Any]:
        """A page of the rooms both are joined to; 400 `M_INVALID_PARAM` for a wrong token or oneself."""
        if other == user_id:
            raise invalid_param("user_id: must be another user.")
        own = await self._occupancy.memberships(user_id)
        shared = await self._occupancy.rooms_shared(user_id, other)
        room_ids = sorted(own[nid].room_id for nid in shared if nid in own)
        offset = _offset(token)
        answer: dict[str, Any] = {"joined": room_ids[offset : offset + PAGE], "count": len(room_ids)}
        if offset + PAGE < len(room_ids):
            answer["next_batch"] = f"m{offset + PAGE}"
        return answer


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not token.startswith("m") or not token[1:].isdecimal() or len(token) > 8:
        raise invalid_param("from: is no token of this list.")
    return int(token[1:])
