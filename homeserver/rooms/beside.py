"""Which events of a room are beside another one: not before it, though the room's tips follow on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from homeserver.database import Transaction
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import Status, StoredEvent, Tip

_MOST_LEVELS = 200


def events_beside(
    tx: Transaction, loader: EventLoader, stored: StoredEvent, tips: Iterable[Tip], most: int
) -> list[StoredEvent]:
    """The accepted events from some tips back to what an event cites, without what is before it, oldest first.

    At most the newest `most`. Where events lie about their depths, some that are before it may be among them.
    """
    walk = _Walk(tx, loader, stored)
    walk.reach(tip.event_id for tip in tips)
    for _ in range(_MOST_LEVELS):
        if len(walk.found) >= most or not walk.step():
            break
    beside = [one for one in walk.found if one.event.event_id not in walk.before]
    return sorted(beside, key=lambda one: (one.event.depth, one.event_nid))[-most:]


class _Walk:
    """A walk back along `prev_events`, the deepest events first, so that whatever follows on an event is met before
    it. `before`: ids of events that are before the one in question, and its own."""

    def __init__(self, tx: Transaction, loader: EventLoader, stored: StoredEvent) -> None:
        self._tx = tx
        self._loader = loader
        self._front: dict[str, StoredEvent] = {}
        self._reached: set[str] = set()
        self.before = {stored.event.event_id, *stored.event.prev_events}
        self.found: list[StoredEvent] = []
        self.reach(stored.event.prev_events)

    def reach(self, event_ids: Iterable[str]) -> None:
        """Have these events in the front, if they were not yet; what is not here or has no place is passed over."""
        fresh = set(event_ids) - self._reached
        self._reached |= fresh
        stored = self._loader.stored_by_id(self._tx, fresh)
        self._front.update({key: one for key, one in stored.items() if one.state_before is not None})

    def step(self) -> bool:
        """Go back past the deepest events of the front; false where all that is left is before the event."""
        if self._front.keys() <= self.before:
            return False
        deepest = max(one.event.depth for one in self._front.values())
        level = [key for key, one in self._front.items() if one.event.depth == deepest]
        self._pass([self._front.pop(key) for key in level])
        return True

    def _pass(self, level: Collection[StoredEvent]) -> None:
        for one in level:
            if one.event.event_id in self.before:
                self.before.update(one.event.prev_events)
            elif one.status is Status.ACCEPTED:
                self.found.append(one)
        self.reach(prev for one in level for prev in one.event.prev_events)
