"""What `/sync` says of the state of a room that has forked: the resolved state, not that of the branch an event is on.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
"""

from __future__ import annotations

import time
from typing import Any

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase, Json
from tests.support.databases import on_postgres

LAST_ALONE = {"room": {"timeline": {"limit": 1}}}


class ForkedRoomTest(HostileCase):
    """Everybody may set the topic. What the peer sends comes after its join, beside what happens here since."""

    def setUp(self) -> None:
        """The room, and the peer in it."""
        levels = {"events": {"m.room.topic": 0}, "invite": 0}
        self.room_id = self.alice.create_room(preset="public_chat", power_level_content_override=levels)
        self.peer = self.new_peer()
        self.peer.join(self.room_id)

    def test_state_after_leaves_out_what_lost_state_resolution(self) -> None:
        """Though it is in the timeline."""
        lost, _ = self.cross_topics()

        room = self.room(self.since, use_state_after="true")
        self.assertEqual([event["event_id"] for event in room["timeline"]["events"]], [lost.event_id])
        self.assertEqual(room["state_after"]["events"], [])

    def test_state_after_of_a_first_sync_is_the_resolved_state(self) -> None:
        """Whole; and so it is for those who ask for it again, or for members as they are needed."""
        _, topic = self.cross_topics()

        for query in (
            {"use_state_after": "true"},
            {"use_state_after": "true", "since": self.since, "full_state": "true"},
        ):
            state = self.room(**query)["state_after"]["events"]
            self.assertEqual({(one["type"], one["state_key"]): one["event_id"] for one in state}, self.state_ids())
        lazy = {"room": {"state": {"lazy_load_members": True}}}
        state = self.room(use_state_after="true", filter=lazy)["state_after"]["events"]
        self.assertIn(topic, [event["event_id"] for event in state])

    def test_state_after_has_the_members_that_the_timeline_is_about(self) -> None:
        """Whoever loads members lazily takes none from the timeline."""
        since = self.alice.sync()["next_batch"]
        bob, carol = self.server.new_user("bob"), self.server.new_user("carol")
        bob.join(self.room_id)
        bob.change(self.room_id, "invite", carol)

        for token in (since, None):
            lazy = {"room": {"state": {"lazy_load_members": True}}}
            state = self.room(token, use_state_after="true", filter=lazy)["state_after"]["events"]
            memberships = {one["state_key"]: one["content"].get("membership") for one in state}
            self.assertEqual((memberships[bob.user_id], memberships[carol.user_id]), ("join", "invite"))

    def test_the_state_before_a_timeline_has_what_the_other_branch_set(self) -> None:
        """Members who joined there, above all."""
        bob = self.server.new_user("bob")
        bob.join(self.room_id)
        beside = self.peer.message("beside")
        self.peer.send([beside]).ok()
        self.alice.wait_for_event(self.room_id, beside.event_id)

        for user in (self.alice, bob):
            room = user.sync(filter=LAST_ALONE)["rooms"]["join"][self.room_id]
            self.assertEqual([event["event_id"] for event in room["timeline"]["events"]], [beside.event_id])
            state = {(one["type"], one["state_key"]): one["event_id"] for one in room["state"]["events"]}
            self.assertEqual(state, self.state_ids())

    def test_members_at_a_token_are_those_of_both_branches(self) -> None:
        """As the room was resolved then."""
        bob = self.server.new_user("bob")
        bob.join(self.room_id)
        beside = self.peer.message("beside")
        self.peer.send([beside]).ok()
        self.alice.wait_for_event(self.room_id, beside.event_id)
        batch = self.alice.sync(filter=LAST_ALONE)["next_batch"]
        bob.change(self.room_id, "leave")

        chunk = self.alice.get(f"/rooms/{self.room_id}/members", {"at": batch, "membership": "join"})["chunk"]
        self.assertEqual({one["state_key"] for one in chunk}, {self.alice.user_id, bob.user_id, self.peer.user_id})

    def cross_topics(self) -> tuple[Event, str]:
        """The peer's topic, which comes last and is older, and Alice's. `since`: a token from in between."""
        lost = self.peer.build("m.room.topic", {"topic": "older"}, state_key="")
        time.sleep(0.01)
        topic = self.alice.set_state(self.room_id, "m.room.topic", {"topic": "newer"})
        self.since = self.alice.sync()["next_batch"]
        self.peer.send([lost]).ok()
        self.alice.wait_for_event(self.room_id, lost.event_id)
        self.assertEqual(self.state_ids()["m.room.topic", ""], topic)
        return lost, topic

    def room(self, since: str | None = None, **query: Any) -> Json:
        """The room in an answer to Alice."""
        found: Json = self.alice.sync(since, **query)["rooms"]["join"][self.room_id]
        return found


ForkedRoomTestOnPostgres = on_postgres(ForkedRoomTest)
