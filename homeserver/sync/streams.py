"""What changed for whom: one stream for each user who syncs, told by the change feed, waited on by long polls.

A change of a room touches the streams of those of its members who sync, so that an idle poll asks nothing of the
database whatever the number of rooms, and a poll after a message looks at that room alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred

from homeserver.clock import Clock
from homeserver.database import Change, ChangeFeed
from homeserver.rooms.records import Membership
from homeserver.rooms.service import wall_clock_ms

FindMemberships = Callable[[str], Awaitable[Mapping[int, Membership]]]

ROOM_TOPICS = ("room", "receipts", "redacted_in")
USER_TOPICS = (
    "membership",
    "account_data",
    "push_rules",
    "to_device",
    "devices",
    "one_time_keys",
    "profiles",
    "thread_subscriptions",
)
#: What changed about the people of a room, rather than in the room.
PEOPLE_TOPICS = ("members", "device_lists", "profiles_in")

_IDLE_S = 900


@dataclass(slots=True)
class UserStream:
    """What changed for one user since `born_at`. Positions: of the last change, by room and by topic."""

    user_id: str
    born_at: int
    volatile_born_at: int
    changed_at: int = 0
    volatile_changed_at: int = 0
    rooms: set[int] = field(default_factory=set)
    changed_rooms: dict[int, int] = field(default_factory=dict)
    changed_topics: dict[str, int] = field(default_factory=dict)
    waiting: list[Deferred[None]] = field(default_factory=list)
    used_at_s: float = 0.0
    followed_at: int = 0

    def is_unchanged_since(self, position: int, volatile: int) -> bool:
        """Whether there is certainly nothing new. False where this stream is too young to say."""
        return (
            self.born_at <= position
            and self.changed_at <= position
            and self.volatile_born_at <= volatile
            and self.volatile_changed_at <= volatile
        )

    def rooms_changed_since(self, position: int) -> set[int] | None:
        """The rooms with changes since then; None where this stream is too young to say."""
        if self.born_at > position:
            return None
        return {room_nid for room_nid, at in self.changed_rooms.items() if at > position}

    def has_topic_since(self, topic: str, position: int) -> bool:
        """Whether there may be changes under a topic since then."""
        return self.born_at > position or self.changed_topics.get(topic, 0) > position

    def wake(self) -> None:
        """End the waits of this user's polls."""
        waiting, self.waiting = self.waiting, []
        for deferred in waiting:
            deferred.callback(None)


class Streams:
    """The streams of all users who sync on this process. Used on the reactor thread."""

    def __init__(self, feed: ChangeFeed, memberships: FindMemberships, reactor: Clock) -> None:
        self._feed = feed
        self._memberships = memberships
        self._reactor = reactor
        self._streams: dict[str, UserStream] = {}
        self._by_room: dict[int, set[str]] = {}
        self._awakening: list[UserStream] = []
        # Beyond every serial of before a restart, since tokens of then are still about: it grows slower than the clock.
        self.volatile = wall_clock_ms()
        for topic in ROOM_TOPICS:
            feed.subscribe(topic, self._room_changed)
        for topic in USER_TOPICS:
            feed.subscribe(topic, self._user_changed)
        for topic in PEOPLE_TOPICS:
            feed.subscribe(topic, self._people_changed)

    async def get(self, user_id: str) -> UserStream:
        """The user's stream, begun now if there is none, with the user's rooms up to date."""
        stream = self._streams.get(user_id)
        if stream is None:
            stream = UserStream(user_id, self._feed.position, self.volatile)
            self._streams[user_id] = stream
            await self._follow_rooms(stream)
            self._drop_idle()
        stream.used_at_s = self._reactor.seconds()
        return stream

    def get_of_room(self, user_id: str, room_nid: int) -> UserStream:
        """A stream of one room, for a user who need not be in it, begun now if there is none."""
        key = f"{user_id} {room_nid}"
        stream = self._streams.get(key)
        if stream is None:
            stream = UserStream(key, self._feed.position, self.volatile, rooms={room_nid})
            self._streams[key] = stream
            self._by_room.setdefault(room_nid, set()).add(key)
            self._drop_idle()
        stream.used_at_s = self._reactor.seconds()
        return stream

    async def wait(self, stream: UserStream, timeout_s: float) -> None:
        """Wait until something changes for the user, or for the time given."""
        deferred: Deferred[None] = Deferred()
        stream.waiting.append(deferred)
        timer = self._reactor.callLater(timeout_s, _fire, stream, deferred)
        try:
            await deferred
        finally:
            if timer.active():
                timer.cancel()
            if deferred in stream.waiting:
                stream.waiting.remove(deferred)

    async def follow_rooms(self, stream: UserStream) -> None:
        """Look again which rooms the user is in, if a membership has changed. Before a position is chosen."""
        if stream.changed_topics.get("membership", 0) > stream.followed_at:
            await self._follow_rooms(stream)

    def touch_users(self, user_ids: Iterable[str]) -> int:
        """Something that is not stored changed for these users; the serial of it."""
        self.volatile += 1
        for user_id in set(user_ids):
            stream = self._streams.get(user_id)
            if stream is not None:
                stream.volatile_changed_at = self.volatile
                self._wake_soon(stream)
        return self.volatile

    def touch_room(self, room_nid: int) -> int:
        """Something that is not stored changed for everybody in a room; the serial of it."""
        return self.touch_users(self._by_room.get(room_nid, ()))

    def wake_all(self) -> None:
        """End all waits: the server is stopping."""
        for stream in list(self._streams.values()):
            stream.wake()

    def _room_changed(self, changes: Iterable[Change]) -> None:
        for change in changes:
            room_nid = int(change.key)
            for user_id in self._by_room.get(room_nid, ()):
                stream = self._streams[user_id]
                stream.changed_rooms[room_nid] = change.position
                stream.changed_at = change.position
                self._wake_soon(stream)

    def _user_changed(self, changes: Iterable[Change]) -> None:
        for change in changes:
            stream = self._streams.get(change.key)
            if stream is not None:
                stream.changed_topics[change.topic] = change.position
                stream.changed_at = change.position
                self._wake_soon(stream)

    def _people_changed(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for user_id in self._by_room.get(int(change.key), ()):
                stream = self._streams[user_id]
                stream.changed_topics[change.topic] = change.position
                stream.changed_at = change.position
                self._wake_soon(stream)

    def _wake_soon(self, stream: UserStream) -> None:
        """Wake its polls once the change has reached all: other subscribers, and who keeps the serial of it."""
        if not self._awakening:
            self._reactor.callLater(0, self._wake)
        self._awakening.append(stream)

    def _wake(self) -> None:
        awakening, self._awakening = self._awakening, []
        for stream in awakening:
            stream.wake()

    async def _follow_rooms(self, stream: UserStream) -> None:
        position = self._feed.position
        joined = {
            row.room_nid for row in (await self._memberships(stream.user_id)).values() if row.membership == "join"
        }
        for room_nid in joined - stream.rooms:
            self._by_room.setdefault(room_nid, set()).add(stream.user_id)
            stream.changed_rooms[room_nid] = self._feed.position
        if joined - stream.rooms:
            # What changed there while the rooms were looked up has not reached this stream.
            stream.changed_at = self._feed.position
            stream.changed_topics.update(dict.fromkeys(PEOPLE_TOPICS, self._feed.position))
            self._wake_soon(stream)
        for room_nid in stream.rooms - joined:
            self._leave_room(stream.user_id, room_nid)
        stream.rooms = joined
        stream.followed_at = position

    def _leave_room(self, user_id: str, room_nid: int) -> None:
        members = self._by_room.get(room_nid)
        if members is not None:
            members.discard(user_id)
            if not members:
                del self._by_room[room_nid]

    def _drop_idle(self) -> None:
        """Now and then forget the streams nobody has used for a while."""
        if len(self._streams) % 64:
            return
        oldest = self._reactor.seconds() - _IDLE_S
        for user_id, stream in list(self._streams.items()):
            if stream.used_at_s and stream.used_at_s < oldest and not stream.waiting:
                for room_nid in stream.rooms:
                    self._leave_room(user_id, room_nid)
                del self._streams[user_id]


def _fire(stream: UserStream, deferred: Deferred[None]) -> None:
    if deferred in stream.waiting:
        stream.waiting.remove(deferred)
        deferred.callback(None)
