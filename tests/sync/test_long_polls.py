"""A waiting `/sync` is answered at once when there is something to tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.api_client import Json
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

#: Longer than any test waits: a poll that is not woken fails it.
_TIMEOUT_MS = 60_000
_PATIENCE_S = 60


class LongPollTest(HomeserverCase):
    """Bob waits; Alice, who shares a room with him, does something."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        self.sent = self.alice.send(self.room, "hello")
        self.since = self.sync()["next_batch"]

    def sync(self, *arguments: Any) -> Json:
        """Bob's, without coming online: that is news too."""
        return self.bob.sync(*arguments, set_presence="offline")

    def woken_by(self, act: Callable[[], Any]) -> Json:
        """What the waiting poll answers."""
        with ThreadPoolExecutor(1) as threads:
            polling = threads.submit(self.sync, self.since, _TIMEOUT_MS)
            time.sleep(0.03)
            self.assertFalse(polling.done(), "the poll did not wait")
            act()
            return polling.result(_PATIENCE_S)

    def room_of(self, answer: Json) -> Json:
        """The room in an answer."""
        found: Json = answer["rooms"]["join"][self.room]
        return found

    def test_by_a_message(self) -> None:
        """The timeline has it."""
        answer = self.woken_by(lambda: self.alice.send(self.room, "wake up"))
        self.assertEqual(self.room_of(answer)["timeline"]["events"][0]["content"]["body"], "wake up")

    def test_by_ones_own_message_from_another_device(self) -> None:
        """All devices stay alike."""
        other = self.bob.log_in_again()
        self.since = self.bob.sync(set_presence="offline")["next_batch"]
        answer = self.woken_by(lambda: other.send(self.room, "me"))
        self.assertEqual(self.room_of(answer)["timeline"]["events"][0]["content"]["body"], "me")

    def test_by_somebody_typing(self) -> None:
        """An ephemeral event without the room's id."""
        path = f"/rooms/{self.room}/typing/{self.alice.user_id}"
        answer = self.woken_by(lambda: self.alice.put(path, {"typing": True, "timeout": 20_000}))
        event = {"type": "m.typing", "content": {"user_ids": [self.alice.user_id]}}
        self.assertEqual(self.room_of(answer)["ephemeral"]["events"], [event])

    def test_by_a_receipt(self) -> None:
        """An ephemeral event."""
        answer = self.woken_by(lambda: self.alice.post(f"/rooms/{self.room}/receipt/m.read/{self.sent}"))
        (event,) = self.room_of(answer)["ephemeral"]["events"]
        self.assertEqual(set(event), {"type", "content"})
        self.assertIn(self.alice.user_id, event["content"][self.sent]["m.read"])

    def test_by_presence(self) -> None:
        """Of somebody who shares a room."""
        path = f"/presence/{self.alice.user_id}/status"
        body = {"presence": "unavailable", "status_msg": "Away"}
        answer = self.woken_by(lambda: self.alice.put(path, body))
        (event,) = (one for one in answer["presence"]["events"] if one["sender"] == self.alice.user_id)
        self.assertEqual(event["content"]["status_msg"], "Away")

    def test_by_account_data(self) -> None:
        """Set by another device."""
        path = f"/user/{self.bob.user_id}/account_data/org.example"
        answer = self.woken_by(lambda: self.bob.put(path, {"a": 1}))
        self.assertEqual(answer["account_data"]["events"], [{"type": "org.example", "content": {"a": 1}}])

    def test_by_account_data_of_a_room(self) -> None:
        """A tag."""
        path = f"/user/{self.bob.user_id}/rooms/{self.room}/tags/m.favourite"
        answer = self.woken_by(lambda: self.bob.put(path, {}))
        (event,) = self.room_of(answer)["account_data"]["events"]
        self.assertEqual(event, {"type": "m.tag", "content": {"tags": {"m.favourite": {}}}})

    def test_by_a_changed_push_rule(self) -> None:
        """The whole set comes."""
        path = "/pushrules/global/override/org.example"
        answer = self.woken_by(lambda: self.bob.put(path, {"conditions": [], "actions": []}))
        types = [event["type"] for event in answer["account_data"]["events"]]
        self.assertEqual(types, ["m.push_rules"])

    def test_by_an_invite(self) -> None:
        """The room is in the answer already."""
        answer = self.woken_by(lambda: self.alice.create_room(invite=[self.bob.user_id]))
        self.assertEqual(len(answer["rooms"]["invite"]), 1)

    def test_by_joining_from_another_device(self) -> None:
        """The room is in the answer already."""
        other = self.alice.create_room(preset="public_chat")
        answer = self.woken_by(lambda: self.bob.join(other))
        self.assertEqual(list(answer["rooms"]["join"]), [other])

    def test_by_leaving_from_another_device(self) -> None:
        """The room is under `leave`."""
        answer = self.woken_by(lambda: self.bob.change(self.room, "leave"))
        self.assertEqual(list(answer["rooms"]["leave"]), [self.room])

    def test_by_being_kicked(self) -> None:
        """The room is under `leave`."""
        answer = self.woken_by(lambda: self.alice.change(self.room, "kick", self.bob))
        self.assertEqual(list(answer["rooms"]["leave"]), [self.room])

    def test_not_by_what_happens_elsewhere(self) -> None:
        """A message in a room of others passes; the poll goes on to the next one in this."""
        other = self.alice.create_room()

        def act() -> None:
            self.alice.send(other, "not for Bob")
            self.alice.send(self.room, "for Bob")

        answer = self.woken_by(act)
        self.assertEqual(list(answer["rooms"]["join"]), [self.room])

    def test_a_poll_ends_when_its_time_is_over(self) -> None:
        """With a token and what every answer has, nothing else."""
        answer = self.sync(self.since, 1)
        always = {"device_one_time_keys_count", "device_unused_fallback_key_types"}
        self.assertEqual(set(answer), {"next_batch", *always})

    def test_two_polls_of_one_user_are_both_answered(self) -> None:
        """Two devices wait."""
        phone = self.bob.log_in_again()
        self.since = self.bob.sync(set_presence="offline")["next_batch"]
        with ThreadPoolExecutor(2) as threads:
            polling = [
                threads.submit(device.sync, self.since, _TIMEOUT_MS, set_presence="offline")
                for device in (self.bob, phone)
            ]
            event_id = self.alice.send(self.room, "to both")
            for one in polling:
                events = self.room_of(one.result(_PATIENCE_S))["timeline"]["events"]
                self.assertEqual([event["event_id"] for event in events], [event_id])


LongPollTestOnPostgres = on_postgres(LongPollTest)
