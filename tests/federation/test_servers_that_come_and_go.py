"""Servers that are down for a while, and rooms that outlive their first server."""

from __future__ import annotations

import time

from tests.federation.two_servers import history, state_ids, texts, wait_for_membership
from tests.support.api_client import User
from tests.support.homeserver import FederationCase


class ServersThatComeAndGoTest(FederationCase):
    """Alice is on the first server, Bob on the second, Carol on the third."""

    number = 3
    settings = {  # noqa: RUF012
        "federation": {"destination_min_retry_interval": 200, "destination_max_retry_interval": 500}
    }

    def setUp(self) -> None:
        for server in self.servers:
            self.addCleanup(server.start_if_stopped)
        self.alice, self.bob, self.carol = (
            server.new_user(name) for server, name in zip(self.servers, ("alice", "bob", "carol"), strict=True)
        )
        self.room = self.alice.create_room(preset="public_chat")
        for user in (self.bob, self.carol):
            self.join(user)
        for user in (self.alice, self.bob):
            wait_for_membership(user, self.room, self.carol, "join")

    def join(self, user: User) -> None:
        """Join the room, as soon as the servers know of each other that they are up again."""
        for _ in range(50):
            if user.request("POST", f"/join/{self.room}", {}, {"via": self.here.name}).status == 200:
                return
            time.sleep(0.1)
        raise AssertionError("the room cannot be joined")

    def test_a_message_reaches_all_servers(self) -> None:
        """From each to each."""
        for sender in (self.alice, self.bob, self.carol):
            event_id = sender.send(self.room, "hello")
            for reader in (self.alice, self.bob, self.carol):
                reader.wait_for_event(self.room, event_id)

    def test_a_server_that_was_down_gets_everything_in_order(self) -> None:
        """Messages and state of the time in between, without anybody writing anew."""
        self.there.stop()
        sent = [str(number) for number in range(15)]
        for text in sent:
            self.alice.send(self.room, text)
        last = self.alice.set_state(self.room, "m.room.topic", {"topic": "Meanwhile"})

        self.there.start()

        self.bob.wait_for_event(self.room, last)
        self.assertEqual(texts(history(self.bob, self.room)), sent)
        self.assertEqual(self.bob.state(self.room, "m.room.topic"), {"topic": "Meanwhile"})
        self.assertEqual(state_ids(self.bob, self.room), state_ids(self.alice, self.room))

    def test_a_server_that_was_stopped_goes_on_sending(self) -> None:
        """What could not be delivered before its own restart is delivered after it."""
        self.there.stop()
        self.servers[2].stop()
        event_id = self.alice.send(self.room, "for later")
        self.here.stop()

        for server in self.servers:
            server.start()

        self.bob.wait_for_event(self.room, event_id)
        self.carol.wait_for_event(self.room, event_id)

    def test_a_room_goes_on_without_its_first_server(self) -> None:
        """The others talk, and another user joins through one of them."""
        self.here.stop()
        self.carol.wait_for_event(self.room, self.bob.send(self.room, "still here"))
        dora = self.servers[2].new_user("dora")
        dora.join(self.room)
        wait_for_membership(self.bob, self.room, dora, "join")

        self.here.start()

        wait_for_membership(self.alice, self.room, dora, "join")
        self.assertEqual(texts(history(self.alice, self.room)), ["still here"])

    def test_a_room_is_joined_through_the_server_that_answers(self) -> None:
        """Of several named the first one is down."""
        self.bob.change(self.room, "leave")
        wait_for_membership(self.carol, self.room, self.bob, "leave")
        self.here.stop()

        via = {"via": [self.here.name, self.servers[2].name]}
        self.bob.post(f"/join/{self.room}", {}, via)

        self.carol.wait_for_event(self.room, self.bob.send(self.room, "in again"))

    def test_an_invite_of_a_server_that_is_gone_is_refused_at_home(self) -> None:
        """And `/sync` goes on."""
        room = self.alice.create_room(invite=[self.bob.user_id])
        self.bob.sync_until(lambda answer: answer.get("rooms", {}).get("invite", {}).get(room))
        self.here.stop()

        self.bob.change(room, "leave")

        self.assertNotIn(room, self.bob.sync().get("rooms", {}).get("invite", {}))
