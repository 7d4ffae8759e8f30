"""How much a user has not read in all rooms together: the number at an application's icon.

https://spec.matrix.org/v1.19/push-gateway-api/#post_matrixpushv1notify
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple, Protocol

from homeserver.database import ByteCache, CacheBudget, Change, ChangeFeed, Transaction
from homeserver.rooms import queries_unread
from homeserver.rooms.loading import EventLoader
from homeserver.slices.push import queries_events

_MOST_CHANGED = 100_000
#: What changes how much is unread in a room; the keys are its number.
_TOPICS = ("room", "receipts", "unread_rules")


class Count(Protocol):
    """How many events notify, and how many of them are highlighted."""

    @property
    def notifications(self) -> int:
        """Those that notify."""


class UnreadInRoom(Protocol):
    """What somebody has not read of a room."""

    @property
    def total(self) -> Count:
        """Of all threads."""


Unread = Callable[[Transaction, str, int], UnreadInRoom]
"""(transaction, user id, room number): what a user who is joined has not read."""

HidesInvites = Callable[[Transaction, str, Collection[str]], set[str]]
"""(transaction, user id, inviters): those of whose invites the user is not told."""


class _Known(NamedTuple):
    position: int
    notifications: int


class Badges:
    """Counts. What was counted of a room is kept until something happens in it. `counts_rooms`: a room counts once,
    however much is unread there."""

    def __init__(
        self, budget: CacheBudget, feed: ChangeFeed, unread: Unread, loader: EventLoader, *, counts_rooms: bool
    ) -> None:
        self._kept: ByteCache[str, dict[int, _Known]] = budget.cache("push_badges")
        self._feed = feed
        self._unread = unread
        self._loader = loader
        self._counts_rooms = counts_rooms
        self._changed: dict[int, int] = {}
        self.hides_invites: HidesInvites = lambda tx, user_id, inviters: set()
        for topic in _TOPICS:
            feed.subscribe(topic, self._rooms_changed)

    def position(self) -> int:
        """To be asked on the reactor thread before the read in which `count` is called."""
        return self._feed.position

    def count(self, tx: Transaction, user_id: str, position: int) -> int:
        """What is unread, invites included, but for those that the user does not want to see."""
        kept = self._kept.get(user_id) or {}
        counts: dict[int, _Known] = {}
        for room_nid in queries_unread.joined_rooms(tx, user_id):
            known = kept.get(room_nid)
            if known is None or self._changed.get(room_nid, 0) > known.position:
                known = _Known(position, self._unread(tx, user_id, room_nid).total.notifications)
            counts[room_nid] = known
        self._kept.put(user_id, counts, 200 + 150 * len(counts))
        numbers = [one.notifications for one in counts.values()]
        rooms = sum(1 for number in numbers if number) if self._counts_rooms else sum(numbers)
        return rooms + self._invites(tx, user_id)

    def _invites(self, tx: Transaction, user_id: str) -> int:
        nids = queries_events.open_invites(tx, user_id)
        if not nids:
            return 0
        senders = [event.sender for event in self._loader.get_many(tx, nids).values()]
        hidden = self.hides_invites(tx, user_id, set(senders))
        return sum(1 for sender in senders if sender not in hidden)

    def _rooms_changed(self, changes: list[Change]) -> None:
        if len(self._changed) >= _MOST_CHANGED:
            self._changed.clear()
            self._kept.clear()
        for change in changes:
            self._changed[int(change.key)] = change.position
