"""A room as an answer is about to tell of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from homeserver.rooms.records import Membership
from homeserver.sync.sliding.memory import RoomMemory
from homeserver.sync.sliding.required_state import RequiredState, StateWanted

Json = dict[str, Any]


@dataclass(slots=True)
class Wanted:
    """What is wanted of a room: together what all the lists and the subscription that it matches ask for. `state` is
    the same object for rooms of which the same is wanted."""

    row: Membership
    limit: int = 0
    parts: list[RequiredState] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    is_subscribed: bool = False
    state: StateWanted = field(default_factory=StateWanted)


@dataclass(slots=True)
class Draft:
    """`row`: the user's membership. `before`: what the connection was told of the room, None for nothing. `entry`: what
    the answer says of the room, empty for nothing. `timeline`: the numbers of the events in it; `people`: who is new to
    the client with it. `is_whole`: the entry does not build on what was told before, or has events from before that.
    `now`: what will have been told; None where nothing was looked at. `is_news`: whether that is to be written down.
    """

    wanted: Wanted
    row: Membership
    before: RoomMemory | None
    entry: Json = field(default_factory=dict)
    timeline: Sequence[int] = ()
    people: set[str] = field(default_factory=set)
    is_whole: bool = False
    now: RoomMemory | None = None
    is_news: bool = False

    def remember(self, **changes: Any) -> None:
        """Note what else will have been told."""
        memory = self.now or self.before
        if memory is not None:
            self.now = msgspec.structs.replace(memory, **changes)


@dataclass(frozen=True, slots=True)
class Part:
    """What of a room's state and timeline is told, before it is put into an answer.

    `state`: the state after the timeline; `changed`: of its keys those that may be new to the client, None for all;
    `member_nids`: of members that come as they are needed. `live`: how many of the timeline's events are new.
    """

    timeline: Sequence[int]
    is_limited: bool
    prev_batch: str
    state: Mapping[tuple[str, str], int]
    changed: Collection[tuple[str, str]] | None
    is_whole: bool = False
