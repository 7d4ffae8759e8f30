"""The running counters of a room: how many events of its timelines notify by the predefined rules.

What somebody has not read is the difference of two such numbers, so that a message writes the same few values however
many there are to read it. Whoever is named in an event, or has rules of their own, is the concern of others.

https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from homeserver.database import Transaction
from homeserver.protocol.client_format import client_event
from homeserver.protocol.events import Event
from homeserver.protocol.power_levels import PowerLevels
from homeserver.protocol.push_evaluation import PREDEFINED_COUNTING
from homeserver.rooms import queries_members, queries_unread
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.records import Counted, Counters
from homeserver.rooms.snapshots import Snapshots
from homeserver.rooms.threads import Threads


class OccasionParts(NamedTuple):
    """What an occasion looks things up with."""

    snapshots: Snapshots
    loader: EventLoader


class RoomOccasion:
    """An event of a room, as push rules look at it. To be asked within its transaction only."""

    def __init__(self, tx: Transaction, parts: OccasionParts, event: Event, room_nid: int, state_before: int) -> None:
        self._tx = tx
        self._parts = parts
        self._room_nid = room_nid
        self._state_before = state_before
        self.event: Mapping[str, Any] = client_event(event)

    def member_count(self) -> int:
        """How many are joined."""
        return queries_members.count_members(self._tx, self._room_nid).get("join", 0)

    def may_notify(self, key: str) -> bool:
        """Whether the sender's power before the event is enough for a kind of notification."""
        create, power = (self._state(name, "") for name in ("m.room.create", "m.room.power_levels"))
        levels = PowerLevels.from_state(create, power)
        return levels.of_user(self.event["sender"]) >= levels.notification(key)

    def display_name(self, user_id: str) -> str | None:
        """What the user is called in the room."""
        member = self._state("m.room.member", user_id)
        name = None if member is None else member.content.get("displayname")
        return name if isinstance(name, str) else None

    def _state(self, event_type: str, state_key: str) -> Event | None:
        nid = self._parts.snapshots.get(self._tx, self._state_before).get((event_type, state_key))
        return None if nid is None else self._parts.loader.get(self._tx, nid)


class Counting:
    """Counts events as they are appended. Callable in the writer thread, with the room's lock held."""

    def __init__(self, snapshots: Snapshots, loader: EventLoader) -> None:
        self._parts = OccasionParts(snapshots, loader)
        self._threads = Threads(loader)

    def count(self, tx: Transaction, room_nid: int, event: Event, state_before: int) -> Counted:
        """The numbers up to a new event, it included; the thread's number is written."""
        thread_id = self._threads.find_thread(tx, room_nid, event)
        occasion = RoomOccasion(tx, self._parts, event, room_nid, state_before)
        figure = PREDEFINED_COUNTING.figure(occasion)
        main, thread = queries_unread.latest_counters(tx, room_nid), None
        if thread_id is None:
            main = _after(main, figure)
        else:
            thread = _after(queries_unread.latest_of_thread(tx, room_nid, thread_id), figure)
            queries_unread.write_thread(tx, room_nid, thread_id, tx.position, thread)
        return Counted(thread_id, figure, main, thread, occasion)

    def thread_columns(self, tx: Transaction, room_nid: int, event: Event) -> dict[str, Any]:
        """The columns of an event that is history: it is counted for nobody, but others may relate to it."""
        return {**UNCOUNTED, "thread_id": self._threads.find_thread(tx, room_nid, event)}


UNCOUNTED: Mapping[str, Any] = {
    "thread_id": None,
    "notifying": None,
    "highlighting": None,
    "thread_notifying": None,
    "thread_highlighting": None,
}
"""The columns of an event that is not counted."""


def counted_columns(counted: Counted) -> dict[str, Any]:
    """The columns of an event that is."""
    thread = counted.thread
    return {
        "thread_id": counted.thread_id,
        "notifying": counted.main.notifying,
        "highlighting": counted.main.highlighting,
        "thread_notifying": None if thread is None else thread.notifying,
        "thread_highlighting": None if thread is None else thread.highlighting,
    }


def _after(counters: Counters, figure: tuple[bool, bool]) -> Counters:
    return Counters(counters.notifying + figure[0], counters.highlighting + figure[1])
