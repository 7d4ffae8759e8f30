"""The format in which clients get events.

https://spec.matrix.org/v1.19/client-server-api/#room-event-format
"""

from __future__ import annotations

from typing import Any

from homeserver.protocol.events import Event


def client_event(event: Event) -> dict[str, Any]:
    """All fields of `ClientEvent` but `unsigned`. `content` is shared with the event where nothing is added to it.

    A redaction has `redacts` at the top level and in `content`, whatever its room version.
    https://spec.matrix.org/v1.19/client-server-api/#mroomredaction
    """
    content = event.content
    formatted: dict[str, Any] = {
        "content": content,
        "event_id": event.event_id,
        "origin_server_ts": event.origin_server_ts,
        "room_id": event.room_id,
        "sender": event.sender,
        "type": event.type,
    }
    if event.state_key is not None:
        formatted["state_key"] = event.state_key
    if event.redacts is not None:
        formatted["redacts"] = event.redacts
        if content.get("redacts") != event.redacts:
            formatted["content"] = {**content, "redacts": event.redacts}
    return formatted
