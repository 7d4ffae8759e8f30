"""The order of a space's children, and what counts as one.

https://spec.matrix.org/v1.19/client-server-api/#ordering-of-children-within-a-space
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

_MOST_ORDER_CHARACTERS = 50
_MOST_VIA = 10


class Child(NamedTuple):
    """A room within a space, and the servers to ask about it."""

    room_id: str
    via: tuple[str, ...]


def children_in_order(events: Iterable[Any], *, only_suggested: bool) -> list[Child]:
    """The children that stripped `m.space.child` events name; what is misshapen is passed over."""
    found = []
    for event in events:
        child = _child(event, only_suggested)
        if child is not None:
            found.append((_sort_key(event), child))
    found.sort(key=lambda one: one[0])
    return [child for _, child in found]


def _child(event: Any, only_suggested: bool) -> Child | None:
    if not isinstance(event, dict) or not isinstance(event.get("content"), dict):
        return None
    room_id, via = event.get("state_key"), event["content"].get("via")
    if not isinstance(room_id, str) or not room_id.startswith("!") or not isinstance(via, list) or not via:
        return None
    if only_suggested and event["content"].get("suggested") is not True:
        return None
    return Child(room_id, tuple(one for one in via if isinstance(one, str))[:_MOST_VIA])


def _sort_key(event: dict[str, Any]) -> tuple[int, str, int, str]:
    """Those with a valid `order` first, by it; then by time; then by room id."""
    order, sent_ts = event["content"].get("order"), event.get("origin_server_ts")
    moment = sent_ts if isinstance(sent_ts, int) else 0
    if isinstance(order, str) and len(order) <= _MOST_ORDER_CHARACTERS and all(" " <= one <= "~" for one in order):
        return (0, order, moment, str(event.get("state_key")))
    return (1, "", moment, str(event.get("state_key")))
