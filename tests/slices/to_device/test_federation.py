"""Messages to devices of other servers.

https://spec.matrix.org/v1.19/server-server-api/#send-to-device-messaging
"""

from __future__ import annotations

from tests.federation.hostile_case import HostileCase
from tests.slices.to_device.test_to_device import numbers, send, to_device
from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase


def receive(user: User, number: int) -> list[int]:
    """Sync until so many numbered messages have come; all of them, in order."""
    seen: list[int] = []

    def find(answer: Json) -> bool:
        seen.extend(numbers(answer))
        return len(seen) >= number

    user.sync_until(find)
    return seen


class ToDeviceBetweenServersTest(FederationCase):
    """Alice is here, Bob is there; they share no room."""

    def setUp(self) -> None:
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")

    def tearDown(self) -> None:
        self.here.start_if_stopped()
        self.there.start_if_stopped()

    def test_messages_go_both_ways(self) -> None:
        """With their sender, in order."""
        for number in range(5):
            send(self.alice, {self.bob.user_id: {self.bob.device_id: {"n": number}}})
        send(self.bob, {self.alice.user_id: {"*": {"n": 7}}}, "org.example.kind")

        self.assertEqual(receive(self.bob, 5), [0, 1, 2, 3, 4])
        events = self.alice.sync_until(to_device)
        expected = {"type": "org.example.kind", "sender": self.bob.user_id, "content": {"n": 7}}
        self.assertEqual(events, [expected])

    def test_a_star_reaches_all_devices_over_there(self) -> None:
        """The other server knows which there are."""
        other = self.bob.log_in_again()
        send(self.alice, {self.bob.user_id: {"*": {"n": 1}}})

        self.assertEqual((receive(self.bob, 1), receive(other, 1)), ([1], [1]))

    def test_what_is_too_much_for_one_edu_arrives_whole(self) -> None:
        """A message to each of many devices."""
        devices = [self.bob, *(self.bob.log_in_again() for _ in range(4))]
        text = "x" * 30_000
        send(self.alice, {self.bob.user_id: {one.device_id: {"n": 1, "text": text} for one in devices}})

        self.assertEqual([receive(one, 1) for one in devices], [[1]] * 5)

    def test_messages_to_a_server_that_is_down_survive_a_restart_of_the_sender(self) -> None:
        """They arrive in order once both are up."""
        self.there.stop()
        for number in range(3):
            send(self.alice, {self.bob.user_id: {self.bob.device_id: {"n": number}}})
        self.here.stop()
        self.there.start()
        self.here.start()

        self.assertEqual(receive(self.bob, 3), [0, 1, 2])


class HostileToDeviceTest(HostileCase):
    """What a peer sends."""

    def setUp(self) -> None:
        """Alice's messages of earlier tests are gone."""
        super().setUp()
        self.since = self.alice.sync()["next_batch"]
        self.alice.sync(self.since)

    def edu(self, number: int, message_id: object, **content: object) -> Json:
        """A message to all of Alice's devices."""
        return {
            "edu_type": "m.direct_to_device",
            "content": {
                "sender": self.peer.user_id,
                "type": "m.dummy",
                "message_id": message_id,
                "messages": {self.alice.user_id: {"*": {"n": number}}},
                **content,
            },
        }

    def test_a_message_id_is_taken_once(self) -> None:
        """Also in another transaction; another server's may be the same."""
        third = self.new_peer()
        self.peer.send(edus=[self.edu(1, "same"), self.edu(2, "same")]).ok()
        self.peer.send(edus=[self.edu(3, "same"), self.edu(4, "other")]).ok()
        third.send(edus=[self.edu(5, "same", sender=third.user_id)]).ok()

        self.assertEqual(numbers(self.alice.sync(self.since)), [1, 4, 5])

    def test_a_server_speaks_for_its_own_users_only(self) -> None:
        """Not for local users, nor for another server's."""
        for sender in (self.alice.user_id, "@x:other.example", self.peer.name, "", None, 7):
            self.peer.send(edus=[self.edu(1, f"from {sender}", sender=sender)]).ok()
        self.peer.send(edus=[self.edu(2, "own")]).ok()

        self.assertEqual(numbers(self.alice.sync(self.since)), [2])

    def test_wrong_shapes_are_passed_over(self) -> None:
        """Good messages beside them come through."""
        alice = self.alice.user_id
        wrong: list[Json] = [
            {"type": 1},
            {"type": ""},
            {"type": "x" * 256},
            {"message_id": "x" * 256},
            {"message_id": ["x"]},
            {"messages": []},
            {"messages": {alice: [1]}},
            {"messages": {alice: {"*": "text"}}},
            {"messages": {alice: {"*": {"text": "x" * 65_536}}}},
            {"messages": {"alice": {"*": {}}, f"@nobody:{self.server.name}": {"*": {"n": 1}}}},
            {"messages": {"@x:other.example": {"*": {"n": 1}}}},
        ]
        for position, content in enumerate(wrong):
            self.peer.send(edus=[self.edu(1, content.pop("message_id", f"wrong {position}"), **content)]).ok()
        good = {alice: {"*": {"n": 2}, "x" * 256: {"n": 3}}, "alice": 1}
        self.peer.send(edus=[self.edu(1, "good", messages=good)]).ok()

        self.assertEqual(numbers(self.alice.sync(self.since)), [2])


ToDeviceBetweenServersTestOnPostgres = on_postgres(ToDeviceBetweenServersTest)
HostileToDeviceTestOnPostgres = on_postgres(HostileToDeviceTest)
