"""Messages from device to device, on one server.

https://spec.matrix.org/v1.19/client-server-api/#send-to-device-messaging
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

_txn_ids = count(1)


def send(user: User, messages: Json, event_type: str = "m.dummy", txn_id: str | None = None) -> None:
    """Send messages: user id to device id to content."""
    user.put(f"/sendToDevice/{event_type}/{txn_id or f'td{next(_txn_ids)}'}", {"messages": messages})


def to_device(answer: Json) -> list[Json]:
    """The messages of a `/sync` answer."""
    events: list[Json] = answer.get("to_device", {}).get("events", [])
    return events


def numbers(answer: Json) -> list[int]:
    """The numbers that the tests' messages have in them."""
    return [event["content"]["n"] for event in to_device(answer)]


class ToDeviceTest(HomeserverCase):
    """Alice sends, Bob gets."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")

    def send_number(self, number: int, device_id: str | None = None) -> None:
        """To a device of Bob's, or to his first."""
        send(self.alice, {self.bob.user_id: {device_id or self.bob.device_id: {"n": number}}})

    def test_a_message_comes_with_its_sender_type_and_content(self) -> None:
        """And with nothing else."""
        content = {"n": 1, "text": "Grüße", "list": [None, 1.5]}
        send(self.alice, {self.bob.user_id: {self.bob.device_id: content}}, "org.example.kind")

        expected = {"type": "org.example.kind", "sender": self.alice.user_id, "content": content}
        self.assertEqual(to_device(self.bob.sync()), [expected])

    def test_messages_come_in_the_order_in_which_they_were_sent(self) -> None:
        """All that wait, at once."""
        for number in range(5):
            self.send_number(number)

        self.assertEqual(numbers(self.bob.sync()), [0, 1, 2, 3, 4])

    def test_a_message_comes_again_until_the_token_it_came_with_is_used(self) -> None:
        """So that an answer that got lost loses nothing; afterwards it is gone for good."""
        since = self.bob.sync()["next_batch"]
        self.send_number(1)
        first = self.bob.sync(since)
        self.assertEqual(numbers(first), [1])
        again = self.bob.sync(since)
        self.assertEqual(numbers(again), [1])
        self.assertEqual(numbers(self.bob.sync()), [1])

        later = self.bob.sync(again["next_batch"])

        self.assertEqual(numbers(later), [])
        self.assertEqual(numbers(self.bob.sync(since)), [])
        self.assertEqual(numbers(self.bob.sync()), [])

    def test_what_arrives_after_an_acknowledgement_comes(self) -> None:
        """One message after the other, each once."""
        since = self.bob.sync()["next_batch"]
        for number in range(4):
            self.send_number(number)
            answer = self.bob.sync(since)
            self.assertEqual(numbers(answer), [number])
            since = answer["next_batch"]

    def test_each_device_gets_its_own(self) -> None:
        """What one device has acknowledged still comes to the other."""
        other = self.bob.log_in_again()
        send(self.alice, {self.bob.user_id: {self.bob.device_id: {"n": 1}, other.device_id: {"n": 2}}})
        since = self.bob.sync()["next_batch"]
        self.assertEqual(numbers(self.bob.sync(since)), [])

        self.assertEqual(numbers(other.sync()), [2])

    def test_a_star_stands_for_all_devices(self) -> None:
        """A device that is named besides gets what is for it."""
        other, third = self.bob.log_in_again(), self.bob.log_in_again()
        send(self.alice, {self.bob.user_id: {"*": {"n": 1}, third.device_id: {"n": 2}}})

        self.assertEqual([numbers(device.sync()) for device in (self.bob, other, third)], [[1], [1], [2]])

    def test_the_same_transaction_sends_once(self) -> None:
        """Another type, or another device's transaction of the same id, is another one."""
        to_bob = {self.bob.user_id: {self.bob.device_id: {"n": 1}}}
        send(self.alice, to_bob, "m.a", "once")
        send(self.alice, to_bob, "m.a", "once")
        send(self.alice, to_bob, "m.b", "once")
        send(self.alice.log_in_again(), to_bob, "m.a", "once")

        self.assertEqual([event["type"] for event in to_device(self.bob.sync())], ["m.a", "m.b", "m.a"])

    def test_a_message_wakes_a_long_poll(self) -> None:
        """Of the device it is for; another device's poll goes on waiting."""
        other = self.bob.log_in_again()
        since, since_other = (one.sync(set_presence="offline")["next_batch"] for one in (self.bob, other))
        with ThreadPoolExecutor(2) as threads:
            poll = threads.submit(self.bob.sync, since, 30_000, set_presence="offline")
            other_poll = threads.submit(other.sync, since_other, 30_000, set_presence="offline")
            self.send_number(1)
            self.assertEqual(numbers(poll.result()), [1])
            self.send_number(2, other.device_id)
            self.assertEqual(numbers(other_poll.result()), [2])

    def test_many_messages_come_in_pieces_of_a_hundred(self) -> None:
        """Without waiting in between, each once and in order, however often a piece is asked for."""
        since = self.bob.sync()["next_batch"]
        for number in range(230):
            self.send_number(number)
        seen: list[int] = []
        for expected in (100, 100, 30):
            repeated = self.bob.sync(since, timeout_ms=30_000)
            answer = self.bob.sync(since, timeout_ms=30_000)
            self.assertEqual(numbers(repeated), numbers(answer))
            self.assertEqual(len(numbers(answer)), expected)
            seen += numbers(answer)
            since = answer["next_batch"]

        self.assertEqual(seen, list(range(230)))
        self.assertEqual(numbers(self.bob.sync(since)), [])

    def test_messages_to_nobody_are_passed_over(self) -> None:
        """Devices and users that are not there keep nobody else from getting theirs."""
        send(
            self.alice,
            {
                self.bob.user_id: {"NOSUCH": {"n": 1}, self.bob.device_id: {"n": 2}},
                f"@nobody:{self.server.name}": {"*": {"n": 3}},
            },
        )

        self.assertEqual(numbers(self.bob.sync()), [2])

    def test_a_device_that_is_deleted_takes_its_messages_along(self) -> None:
        """A new device of the same id gets none of them."""
        other = self.bob.log_in_again(device_id="REUSED")
        self.send_number(1, other.device_id)
        other.post("/logout")

        self.assertEqual(numbers(self.bob.log_in_again(device_id="REUSED").sync()), [])

    def test_a_device_that_logs_in_again_gets_what_waits(self) -> None:
        """It was logged out softly: it is the same device."""
        self.send_number(1)

        self.assertEqual(numbers(self.bob.log_in_again(device_id=self.bob.device_id).sync()), [1])

    def test_a_restart_loses_nothing(self) -> None:
        """Neither messages nor which transactions there were."""
        to_bob = {self.bob.user_id: {self.bob.device_id: {"n": 1}}}
        send(self.alice, to_bob, txn_id="before")
        self.server.stop()
        self.server.start()
        send(self.alice, to_bob, txn_id="before")
        answer = self.bob.sync()
        self.assertEqual(numbers(answer), [1])
        self.server.stop()
        self.server.start()

        self.assertEqual(numbers(self.bob.sync(answer["next_batch"])), [])

    def test_bad_requests_are_told(self) -> None:
        """With what is wrong; nothing of them is delivered."""
        path = f"/sendToDevice/m.dummy/bad{next(_txn_ids)}"
        good = {self.bob.device_id: {"n": 1}}
        bob = self.bob.user_id
        cases: list[tuple[Json, tuple[int, str]]] = [
            ({}, (400, "M_MISSING_PARAM")),
            ({"messages": []}, (400, "M_BAD_JSON")),
            ({"messages": {bob: good, "bob": good}}, (400, "M_INVALID_PARAM")),
            ({"messages": {bob: []}}, (400, "M_BAD_JSON")),
            ({"messages": {bob: {**good, "X": "text"}}}, (400, "M_BAD_JSON")),
            ({"messages": {bob: {**good, "X" * 256: {}}}}, (400, "M_INVALID_PARAM")),
            ({"messages": {bob: {**good, "X": {"text": "x" * 65_536}}}}, (413, "M_TOO_LARGE")),
        ]
        for body, error in cases:
            self.assertEqual(self.alice.refusal("PUT", path, body), error)

        self.assertEqual(to_device(self.bob.sync()), [])


ToDeviceTestOnPostgres = on_postgres(ToDeviceTest)
