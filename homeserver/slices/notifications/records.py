"""The values of this slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from homeserver.protocol.push_evaluation import Figure
from homeserver.rooms.records import Counters, ReadPlace

MAIN = "main"
"""The name of the main timeline among the threads."""

EVERYTHING = ""
ALL_THREADS = "*"
BY_PREDEFINED_RULES = "-"

LAST_NID = 2**62
NEVER = ReadPlace(2**62, LAST_NID)
"""Later than all events."""


class Mark(NamedTuple):
    """A place in a room, and the counters of a timeline at it."""

    place: ReadPlace
    counters: Counters


class Unread(NamedTuple):
    """How many events notify, and how many of them are highlighted."""

    notifications: int
    highlights: int


@dataclass(frozen=True, slots=True)
class UnreadInRoom:
    """What is not read of the main timeline, and of the threads (by their roots) in which there is anything."""

    main: Unread
    threads: Mapping[str, Unread]

    @property
    def total(self) -> Unread:
        """Of all timelines."""
        every = (self.main, *self.threads.values())
        return Unread(sum(one.notifications for one in every), sum(one.highlights for one in every))


class Named(NamedTuple):
    """An event in its room: which it is, and where."""

    room_nid: int
    thread_id: str
    place: ReadPlace


class UnreadException(NamedTuple):
    """An event that counts in its own way for a user (for everybody where `user_id` is empty)."""

    user_id: str
    event: Named
    figure: Figure
    usual: Figure
