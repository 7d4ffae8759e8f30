"""What comes after a join of this server's and cites what it never had: from beside the join, or from before it.

https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
"""

from __future__ import annotations

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.resident_peer import ResidentPeer
from tests.federation.room_peer import Json
from tests.federation.two_servers import history, texts
from tests.support.databases import on_postgres

_HISTORY = 120


class GapAfterJoinTest(HostileCase):
    """The peer has a room with a long history, which Alice joins through it."""

    def setUp(self) -> None:
        """The peer's room, and the join."""
        self.peer = self.new_peer()
        self.resident = ResidentPeer(self.peer)
        self.room_id = self.resident.room_id
        self.resident.set_state("m.room.topic", {"topic": "old"})
        for number in range(_HISTORY):
            self.resident.say(f"old {number}")
        self.resident.offer(self.alice)
        self.alice.join(self.room_id, via=self.peer.name)
        self.since = self.alice.sync()["next_batch"]

    def test_an_event_from_beside_the_join_arrives_alone(self) -> None:
        """What it cites is history, not news."""
        crossed = self.resident.say("crossed")
        self.peer.send([crossed]).ok()

        self.assertEqual(self.news(crossed), [crossed.event_id])

    def test_events_missing_between_the_join_and_an_event_arrive_with_it(self) -> None:
        """And nothing of what was before the join. The state among them counts."""
        topic = self.resident.set_state("m.room.topic", {"topic": "new"})
        crossed = self.resident.say("crossed")
        join = self.peer.join_event
        assert join is not None
        prev_events = [join.event_id, crossed.event_id]
        latest = self.peer.message("both", prev_events=prev_events, depth=crossed.depth + 1)
        self.peer.send([self.resident.note(latest)]).ok()

        self.assertEqual(self.news(latest), [topic.event_id, crossed.event_id, latest.event_id])
        self.assertEqual(self.alice.state(self.room_id, "m.room.topic"), {"topic": "new"})

    def test_the_history_is_read_whole_after_something_came_from_beside_the_join(self) -> None:
        """It is fetched when it is read."""
        crossed = self.resident.say("crossed")
        self.peer.send([crossed]).ok()
        self.news(crossed)

        expected = [*(f"old {number}" for number in range(_HISTORY)), "crossed"]
        self.assertEqual(texts(history(self.alice, self.room_id)), expected)

    def news(self, until: Event) -> list[str]:
        """The ids of what Alice is told since the join, up to an event."""
        found: list[str] = []

        def look(answer: Json) -> bool:
            room = answer.get("rooms", {}).get("join", {}).get(self.room_id, {})
            found.extend(event["event_id"] for event in room.get("timeline", {}).get("events", []))
            return until.event_id in found

        self.alice.sync_until(look, self.since, filter={"room": {"timeline": {"limit": 500}}})
        return found


GapAfterJoinTestOnPostgres = on_postgres(GapAfterJoinTest)
