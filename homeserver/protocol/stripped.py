"""Stripped state: what somebody outside a room gets to see of it.

https://spec.matrix.org/v1.19/client-server-api/#stripped-state
"""

from __future__ import annotations

from typing import Any

from homeserver.protocol.events import Event


def stripped(event: Event) -> dict[str, Any]:
    """The `type`, `state_key`, `content` and `sender` of a state event."""
    return {"type": event.type, "state_key": event.state_key, "content": event.content, "sender": event.sender}


def read_stripped(entries: Any, most: int = 100) -> list[dict[str, Any]]:
    """Of state that another server gives, whole events or stripped ones, what clients get; the rest is left out."""
    given = entries[:most] if isinstance(entries, list) else []
    return [_cut(one) for one in given if _is_stripped(one)]


def _is_stripped(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and isinstance(one.get("type"), str)
        and isinstance(one.get("state_key"), str)
        and isinstance(one.get("sender"), str)
        and isinstance(one.get("content"), dict)
    )


def _cut(one: dict[str, Any]) -> dict[str, Any]:
    return {key: one[key] for key in ("type", "state_key", "sender", "content")}
