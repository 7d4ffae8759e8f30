"""Stripped state: what somebody outside a room gets to see of it.

https://spec.matrix.org/v1.19/client-server-api/#stripped-state
"""

from __future__ import annotations

from typing import Any

from homeserver.protocol.events import Event


def stripped(event: Event) -> dict[str, Any]:
    """The `type`, `state_key`, `content` and `sender` of a state event."""
    return {"type": event.type, "state_key": event.state_key, "content": event.content, "sender": event.sender}
