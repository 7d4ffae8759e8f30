"""Who this server is among servers: its name, and the one function that signs events.

Callers of `sign_event`, a closed list: `rooms.composing` (events built here from a draft), `federation.joining`
(membership events built here from whitelisted fields of a template), `federation.resident` (a restricted join that a
local user authorises) and `federation.invited` (an invite of a local user).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from homeserver.protocol.room_versions import RoomVersion
from homeserver.protocol.signing import SigningKey, sign_event


@dataclass(frozen=True, slots=True)
class Identity:
    """The server's name and the key it signs with."""

    server_name: str
    key: SigningKey = field(repr=False)

    def sign_event(self, pdu: dict[str, Any], version: RoomVersion) -> dict[str, Any]:
        """The PDU, which has its hashes, with this server's signature added."""
        return sign_event(pdu, version, self.server_name, self.key)
