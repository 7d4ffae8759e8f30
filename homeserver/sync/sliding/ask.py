"""What one answer of sliding sync is to cover."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from homeserver.protocol.requester import Requester
from homeserver.rooms.records import Membership
from homeserver.rooms.views import Viewer
from homeserver.sync.sliding.asking import SlidingRequest
from homeserver.sync.sliding.memory import Told
from homeserver.sync.streams import UserStream
from homeserver.sync.tokens import SyncToken


@dataclass(frozen=True, slots=True)
class Changes:
    """What of a user's stream one answer asks about, as it was when the answer was begun."""

    born_at: int
    rooms: Mapping[int, int]
    topics: Mapping[str, int]

    @classmethod
    def of(cls, stream: UserStream) -> Changes:
        """What changed so far."""
        return cls(stream.born_at, dict(stream.changed_rooms), dict(stream.changed_topics))

    def has_room(self, room_nid: int, since: int) -> bool:
        """Whether something may have changed in a room that the user is in since a position."""
        return self.born_at > since or self.rooms.get(room_nid, 0) > since

    def count_since(self, position: int) -> int:
        """In how many rooms something may have changed; a great many where nobody can say."""
        if self.born_at > position:
            return 1_000_000
        return sum(at > position for at in self.rooms.values())

    def has_topic(self, topic: str, since: int) -> bool:
        """Whether there may be changes under a topic since a position."""
        return self.born_at > since or self.topics.get(topic, 0) > since


@dataclass(frozen=True, slots=True)
class SlidingAsk:
    """`told`: what the connection was told so far. `upto`: everything up to there can be told. `ignored`: whose
    messages and invites the user does not want. `direct`: the ids of the rooms that are direct chats."""

    requester: Requester
    request: SlidingRequest
    told: Told
    upto: SyncToken
    memberships: Mapping[int, Membership]
    changes: Changes
    now_ms: int
    ignored: Collection[str] = ()
    direct: Collection[str] = ()

    @property
    def user_id(self) -> str:
        """Whose answer it is."""
        return self.requester.user_id

    @property
    def viewer(self) -> Viewer:
        """Who sees the events."""
        return Viewer.of(self.requester, self.now_ms)
