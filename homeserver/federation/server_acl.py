"""Which servers a room lets take part.

https://spec.matrix.org/v1.19/client-server-api/#server-access-control-lists-acls-for-rooms
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from homeserver.protocol.events import Event
from homeserver.rooms.service import Rooms


class ServerAcls:
    """Asks a room's `m.room.server_acl`."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def is_allowed(self, room_nid: int, server_name: str) -> bool:
        """Whether the room lets the server take part; always, where the room says nothing."""
        event = await self._rooms.find_state_event(room_nid, ("m.room.server_acl", ""))
        return event is None or may_take_part(event, server_name)


def may_take_part(acl: Event, server_name: str) -> bool:
    """Judge a server name by the content of `m.room.server_acl`. The port does not count, nor does case."""
    host = _without_port(server_name).lower()
    if acl.content.get("allow_ip_literals") is False and _is_ip_literal(host):
        return False
    if any(_glob(pattern).fullmatch(host) for pattern in _patterns(acl.content.get("deny"))):
        return False
    return any(_glob(pattern).fullmatch(host) for pattern in _patterns(acl.content.get("allow")))


def _patterns(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    """`*` any run, `?` one character. Runs of stars count as one, so that matching stays cheap."""
    collapsed = re.sub(r"\*+", "*", pattern.lower())
    return re.compile("".join(".*" if char == "*" else "." if char == "?" else re.escape(char) for char in collapsed))


def _without_port(server_name: str) -> str:
    if server_name.startswith("["):
        return server_name.partition("]")[0] + "]"
    return server_name.partition(":")[0]


def _is_ip_literal(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
