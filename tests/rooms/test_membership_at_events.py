"""`unsigned.membership`: what the reader was in the room at each event.

https://spec.matrix.org/v1.19/client-server-api/#definition-clientevent
"""

from __future__ import annotations

from typing import Any

from tests.federation.hostile_case import HostileCase
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

Json = dict[str, Any]


def memberships(events: list[Json]) -> dict[str, str | None]:
    """Event id to the membership told."""
    return {event["event_id"]: event.get("unsigned", {}).get("membership") for event in events}


class MembershipAtEventsTest(HomeserverCase):
    """Alice's room, and Bob, who is invited, joins, leaves and comes back."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.expected: dict[str, str] = {}
        self.say("leave")
        self.alice.change(self.room, "invite", self.bob)
        self.say("invite")
        self.bob.join(self.room)
        self.say("join")
        self.bob.change(self.room, "leave")
        self.say("leave")
        self.bob.join(self.room)
        self.say("join")

    def say(self, expected: str) -> None:
        """Alice says something while Bob is this."""
        self.expected[self.alice.send(self.room, "hi")] = expected
        self.expected[self.alice.set_state(self.room, "org.example.note", {"now": len(self.expected)})] = expected

    def page(self, user: User) -> dict[str, str | None]:
        """The room's history as a user pages through it."""
        return memberships(user.get(f"/rooms/{self.room}/messages", {"dir": "b", "limit": 100})["chunk"])

    def test_each_event_says_what_the_reader_was_then(self) -> None:
        """When paging, when asking for it alone, and around it."""
        paged = self.page(self.bob)
        for event_id, expected in self.expected.items():
            single = self.bob.get(f"/rooms/{self.room}/event/{event_id}")
            context = self.bob.get(f"/rooms/{self.room}/context/{event_id}", {"limit": 0})["event"]
            told = {paged[event_id], single["unsigned"]["membership"], context["unsigned"]["membership"]}
            self.assertEqual(told, {expected})

    def test_a_change_of_ones_own_membership_counts_already_at_itself(self) -> None:
        """Of the member events each says what it made."""
        chunk = self.bob.get(f"/rooms/{self.room}/messages", {"dir": "f", "limit": 100})["chunk"]
        own = [event for event in chunk if event.get("state_key") == self.bob.user_id]

        self.assertEqual([one["content"]["membership"] for one in own], ["invite", "join", "leave", "join"])
        for event in own:
            self.assertEqual(event["unsigned"]["membership"], event["content"]["membership"])

    def test_each_reader_is_told_their_own(self) -> None:
        """Who has been there all along was joined at every event."""
        paged = self.page(self.alice)

        self.assertEqual({paged[event_id] for event_id in self.expected}, {"join"})

    def test_sync_and_state_say_it(self) -> None:
        """In the timeline, in its state, and in the room's state."""
        only = {"room": {"timeline": {"limit": 1}}}
        room = self.bob.sync(filter=only)["rooms"]["join"][self.room]
        shown = memberships([*room["timeline"]["events"], *room["state"]["events"]])
        state = memberships(self.bob.get(f"/rooms/{self.room}/state"))
        create = next(
            one["event_id"] for one in self.bob.get(f"/rooms/{self.room}/state") if one["type"] == "m.room.create"
        )

        last = list(self.expected)[-1]
        self.assertEqual((shown[last], shown[create]), ("join", "leave"))
        self.assertEqual((state[last], state[create]), ("join", "leave"))

    def test_a_server_that_was_started_again_says_the_same(self) -> None:
        """With nothing of the states at hand, asked in one go and one by one."""
        before = self.page(self.bob)
        self.server.stop()
        self.server.start()
        single = {
            event_id: self.bob.get(f"/rooms/{self.room}/event/{event_id}")["unsigned"]["membership"]
            for event_id in self.expected
        }
        self.server.stop()
        self.server.start()

        self.assertEqual(single, self.expected)
        self.assertEqual(self.page(self.bob), before)


class ForkTest(HostileCase):
    """An event that comes from another server after a join, and was sent without knowing of it."""

    def test_an_event_beside_the_join_is_not_after_it(self) -> None:
        """Bob reads it, and is told that he was not there for its sender."""
        bob = self.server.new_user("bob")
        bob.join(self.room_id)
        beside = self.peer.message("beside")
        self.peer.send([beside]).ok()
        event = bob.wait_for_event(self.room_id, beside.event_id)
        after = bob.send(self.room_id, "after")

        self.assertEqual(event["unsigned"]["membership"], "leave")
        self.assertEqual(bob.wait_for_event(self.room_id, after)["unsigned"]["membership"], "join")


MembershipAtEventsTestOnPostgres = on_postgres(MembershipAtEventsTest)
ForkTestOnPostgres = on_postgres(ForkTest)
