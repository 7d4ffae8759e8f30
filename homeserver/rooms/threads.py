"""To which thread an event belongs.

https://spec.matrix.org/v1.19/client-server-api/#threaded-read-receipts
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.database import Transaction
from homeserver.protocol.events import Event
from homeserver.rooms import queries_unread
from homeserver.rooms.loading import EventLoader

MOST_HOPS = 3
"""How many relations are followed before an event counts as one of the main timeline."""

_MOST_CHARACTERS = 255


class Threads:
    """Finds threads. Callable within a transaction."""

    def __init__(self, loader: EventLoader) -> None:
        self._loader = loader

    def find_thread(self, tx: Transaction, room_nid: int, event: Event) -> str | None:
        """The event id of the root of an event's thread; None for the main timeline, where the root itself is."""
        at = event
        for _ in range(MOST_HOPS + 1):
            relation = None if at.is_state else _relation(at.content)
            if relation is None:
                return None
            rel_type, parent_id = relation
            if rel_type == "m.thread":
                return parent_id
            parent = queries_unread.find_in_thread(tx, room_nid, parent_id)
            if parent is None:
                return None
            if parent.is_redacted:
                # Its relation is gone with its content; where it was is still known.
                return parent.thread_id
            at = self._loader.get(tx, parent.event_nid)
        return None


def _relation(content: Mapping[str, Any]) -> tuple[str, str] | None:
    """(relation type, event id) of what the content says of another event; replies have none."""
    relates_to = content.get("m.relates_to")
    if not isinstance(relates_to, dict):
        return None
    rel_type, parent_id = relates_to.get("rel_type"), relates_to.get("event_id")
    if not isinstance(rel_type, str) or not isinstance(parent_id, str):
        return None
    if not 1 < len(parent_id) <= _MOST_CHARACTERS or not parent_id.startswith("$") or "\0" in parent_id:
        return None
    return rel_type, parent_id
