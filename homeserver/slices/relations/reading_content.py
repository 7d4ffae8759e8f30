"""What an event's content says of another event.

https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeserver.protocol.events import Event

_MOST_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class RelatesTo:
    """`m.relates_to`. `key` is an annotation's."""

    parent_id: str
    rel_type: str
    key: str | None = None


def find_relates_to(content: Mapping[str, Any]) -> RelatesTo | None:
    """The relation of an event, if it is well-formed; replies have none."""
    value = content.get("m.relates_to")
    if not isinstance(value, dict):
        return None
    parent_id, rel_type, key = value.get("event_id"), value.get("rel_type"), value.get("key")
    if not isinstance(parent_id, str) or not isinstance(rel_type, str):
        return None
    if not 0 < len(parent_id) <= _MOST_CHARACTERS or not 0 < len(rel_type) <= _MOST_CHARACTERS:
        return None
    if any("\0" in text for text in (parent_id, rel_type, key if isinstance(key, str) else "")):
        return None
    return RelatesTo(parent_id, rel_type, key if isinstance(key, str) and rel_type == "m.annotation" else None)


def is_valid_edit(parent: Event, edit: Event) -> bool:
    """Whether an edit counts for its parent.

    https://spec.matrix.org/v1.19/client-server-api/#validity-of-replacement-events
    """
    if parent.is_state or edit.is_state or parent.room_id != edit.room_id:
        return False
    if parent.sender != edit.sender or parent.type != edit.type:
        return False
    of_parent = find_relates_to(parent.content)
    if of_parent is not None and of_parent.rel_type == "m.replace":
        return False
    return edit.type == "m.room.encrypted" or isinstance(edit.content.get("m.new_content"), dict)
