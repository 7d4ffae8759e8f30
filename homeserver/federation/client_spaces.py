"""Asking other servers about spaces.

https://spec.matrix.org/v1.19/server-server-api/#spaces
"""

from __future__ import annotations

from typing import Any

import msgspec

from homeserver.federation.calls import Call, Calls
from homeserver.federation.errors import BadAnswer
from homeserver.federation.settings import FederationSettings
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.ids import is_valid_room_id
from homeserver.rooms.summaries import RoomSummary

_MOST_CHILDREN = 1_000
_MEGABYTE = 1024 * 1024


class _Room(msgspec.Struct, omit_defaults=True):
    """What is taken of a summary."""

    room_id: str
    num_joined_members: int
    world_readable: bool = False
    guest_can_join: bool = False
    name: str | None = None
    topic: str | None = None
    canonical_alias: str | None = None
    avatar_url: str | None = None
    join_rule: str | None = None
    room_type: str | None = None
    room_version: str | None = None
    encryption: str | None = None
    allowed_room_ids: list[str] = []


class _Hierarchy(msgspec.Struct):
    room: dict[str, Any]
    children: list[Any] = []


class SpaceClient:
    """Spaces of other servers. Raises `FederationError`; entries of an answer that are wrong are left out of it."""

    def __init__(self, calls: Calls, settings: FederationSettings) -> None:
        self._calls = calls
        self._options = EgressOptions(total_ms=settings.request_timeout_ms, max_body_bytes=4 * _MEGABYTE)

    async def hierarchy(self, destination: str, room_id: str) -> tuple[RoomSummary, list[RoomSummary]]:
        """The summary of a room that the server is in, with its children's events, and those children's own.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1hierarchyroomid
        """
        path = ("federation", "v1", "hierarchy", room_id)
        call = Call("GET", path, [("suggested_only", "false")], None, self._options)
        answer = await self._calls.ask(destination, call, _Hierarchy)
        about = _about(answer.room)
        if about is None or about["room_id"] != room_id:
            raise BadAnswer(destination, "its answer is about another room")
        events = answer.room.get("children_state")
        told = [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []
        children = [one for value in answer.children[:_MOST_CHILDREN] if (one := _about(value)) is not None]
        return RoomSummary(about, tuple(told[:_MOST_CHILDREN])), [RoomSummary(one) for one in children]


def _about(value: Any) -> dict[str, Any] | None:
    try:
        room = msgspec.convert(value, _Room)
    except msgspec.ValidationError:
        return None
    if not is_valid_room_id(room.room_id):
        return None
    about: dict[str, Any] = msgspec.to_builtins(room)
    return {"world_readable": False, "guest_can_join": False, **about}
