"""The change feed: every committed change, in the order of positions, to whoever subscribed to its topic."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

logger = logging.getLogger(__name__)


class Change(NamedTuple):
    """A committed change of what `key` stands for under a topic."""

    position: int
    topic: str
    key: str


OnChanges = Callable[[list[Change]], None]
OnVolatile = Callable[[str, dict[str, Any]], None]


class ChangeFeed:
    """Delivers changes. Used on the reactor thread. `position`: everything up to it was delivered."""

    def __init__(self) -> None:
        self.position = 0
        self._subscribers: dict[str, list[OnChanges]] = {}
        self._volatile: dict[str, list[OnVolatile]] = {}

    def subscribe(self, topic: str, callback: OnChanges) -> None:
        """Call back with the changes of a topic, those of one commit together."""
        self._subscribers.setdefault(topic, []).append(callback)

    def subscribe_volatile(self, topic: str, callback: OnVolatile) -> None:
        """Call back with (key, payload) of what is announced and never stored."""
        self._volatile.setdefault(topic, []).append(callback)

    def announce(self, topic: str, key: str, payload: dict[str, Any]) -> None:
        """Tell the volatile subscribers of this process."""
        for callback in self._volatile.get(topic, ()):
            _call(callback, key, payload)

    def deliver(self, changes: Sequence[Change], position: int) -> None:
        """Hand changes out and move the position. Positions that were delivered before are passed over."""
        fresh = [change for change in changes if change.position > self.position]
        if position > self.position:
            self.position = position
        by_topic: dict[str, list[Change]] = {}
        for change in fresh:
            by_topic.setdefault(change.topic, []).append(change)
        for topic, members in by_topic.items():
            for callback in self._subscribers.get(topic, ()):
                _call(callback, members)


def _call(callback: Callable[..., None], *arguments: Any) -> None:
    try:
        callback(*arguments)
    except Exception:
        logger.exception("a subscriber of the change feed failed")
