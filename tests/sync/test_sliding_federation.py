"""Sliding sync of rooms that are on another server."""

from __future__ import annotations

from tests.support.homeserver import FederationCase
from tests.sync.sliding_client import EVERYTHING, NAME, SlidingClient, a_list, bodies, keys


class SlidingFederationTest(FederationCase):
    """Alice has a room there, Bob is here."""

    def setUp(self) -> None:
        self.alice, self.bob = self.there.new_user("alice"), self.here.new_user("bob")
        self.room = self.alice.create_room(name="Far away", invite=[self.bob.user_id])
        self.client = SlidingClient(self.bob, lists={"all": a_list(state=[EVERYTHING])})
        self.invite = self.client.room(self.room)

    def test_an_invite_has_what_the_other_server_gave(self) -> None:
        """A name, and who is invited."""
        self.assertLessEqual({NAME, ("m.room.member", self.bob.user_id)}, keys(self.invite["invite_state"]))

    def test_a_rejected_invite_is_told(self) -> None:
        """As the own membership, and then no more."""
        self.bob.change(self.room, "leave")
        entry = self.client.room(self.room, 20_000)
        self.assertEqual([event["content"]["membership"] for event in entry["required_state"]], ["leave"])
        self.assertEqual(self.client.rooms(), {})

    def test_a_room_joined_there_comes_whole_and_goes_on(self) -> None:
        """With all its state; what is said there ends a wait here."""
        self.bob.join(self.room)
        entry = self.client.room(self.room, 20_000)
        self.assertIs(entry["initial"], True)
        self.assertEqual((entry["name"], entry["joined_count"]), ("Far away", 2))
        self.assertEqual(keys(entry["required_state"]), keys(self.alice.get(f"/rooms/{self.room}/state")))
        self.alice.send(self.room, "hello")
        self.assertEqual(bodies(self.client.room(self.room, 20_000)), ["hello"])

    def test_a_kick_from_there_ends_it(self) -> None:
        """And shows nothing of later."""
        self.bob.join(self.room)
        self.client.room(self.room, 20_000)
        self.alice.change(self.room, "kick", self.bob)
        entry = self.client.room(self.room, 20_000)
        self.assertEqual([event["content"]["membership"] for event in entry["required_state"]], ["leave"])
        self.alice.send(self.room, "secret")
        self.assertEqual(self.client.rooms(), {})
