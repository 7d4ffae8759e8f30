"""Sliding sync's extensions: messages to the device, keys, account data, receipts, typing.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#extensions
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.sync.sliding_client import SlidingClient, a_list, a_room

ON = {"enabled": True}


class SlidingExtensionsTest(HomeserverCase):
    """Bob follows what Alice does in a room of both."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)

    def client(self, **extensions: Json) -> SlidingClient:
        """A connection with a list of all rooms and some extensions."""
        return SlidingClient(self.bob, lists={"all": a_list(3)}, extensions=extensions)

    def extension(self, client: SlidingClient, name: str, timeout_ms: int = 0, **changes: Any) -> Json:
        """What the next answer has of an extension."""
        found: Json = client.step(timeout_ms, **changes)["extensions"].get(name, {})
        return found

    def send_to_bob(self, *bodies: str) -> None:
        """From device to device."""
        for body in bodies:
            messages = {self.bob.user_id: {self.bob.device_id: {"body": body}}}
            self.alice.put(f"/sendToDevice/org.example/{self.room}{body}", {"messages": messages})

    def put(self, user: User, event_type: str, content: Json, room_id: str | None = None) -> None:
        """Set account data."""
        part = "" if room_id is None else f"/rooms/{room_id}"
        user.put(f"/user/{user.user_id}{part}/account_data/{event_type}", content)

    def test_messages_stay_until_their_token_comes_back(self) -> None:
        """Whatever `pos` says: they have a token of their own."""
        self.send_to_bob("1", "2")
        client = self.client(to_device=ON)

        first = self.extension(client, "to_device")
        self.assertEqual([event["content"]["body"] for event in first["events"]], ["1", "2"])
        again = self.extension(client, "to_device")
        self.assertEqual(again["events"], first["events"])
        seen = {"to_device": {**ON, "since": first["next_batch"]}}
        self.assertEqual(self.extension(client, "to_device", extensions=seen)["events"], [])

        client.pos = None
        self.assertEqual(self.extension(client, "to_device", extensions={"to_device": ON})["events"], [])

    def test_messages_come_in_portions(self) -> None:
        """Of at most `limit`, in order, without loss."""
        self.send_to_bob(*"abcde")
        client = self.client(to_device={**ON, "limit": 2})
        got: list[str] = []
        for _ in range(4):
            part = self.extension(client, "to_device")
            self.assertLessEqual(len(part["events"]), 2)
            got += [event["content"]["body"] for event in part["events"]]
            client.body["extensions"] = {"to_device": {**ON, "limit": 2, "since": part["next_batch"]}}
        self.assertEqual(got, list("abcde"))

    def test_a_message_ends_a_wait(self) -> None:
        """Of a connection without any rooms, as Element X has one for encryption."""
        client = SlidingClient(self.bob, conn_id="encryption", extensions={"to_device": ON, "e2ee": ON})
        client.step()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(self.extension, client, "to_device", 30_000)
            self.send_to_bob("now")
            self.assertEqual([event["content"]["body"] for event in waiting.result(20)["events"]], ["now"])

    def test_counts_of_keys_always_stand_there(self) -> None:
        """And who changed their devices only after the first answer."""
        client = self.client(e2ee=ON)
        first = self.extension(client, "e2ee")
        self.assertEqual(first["device_one_time_keys_count"], {"signed_curve25519": 0})
        self.assertEqual(first["device_unused_fallback_key_types"], [])
        self.assertNotIn("device_lists", first)
        self.new_user("carol").join(self.room)
        second = self.extension(client, "e2ee", 20_000)
        self.assertTrue(second["device_lists"]["changed"])
        self.assertIn("device_one_time_keys_count", second)
        self.alice.log_in_again()
        self.assertEqual(self.extension(client, "e2ee", 20_000)["device_lists"]["changed"], [self.alice.user_id])
        self.assertNotIn("device_lists", self.extension(client, "e2ee"))

    def test_account_data_comes_whole_and_then_what_is_new(self) -> None:
        """The user's own with the push rules, and that of rooms."""
        self.put(self.bob, "org.example", {"n": 1})
        self.put(self.bob, "org.example", {"n": 2}, self.room)
        client = self.client(account_data=ON)
        first = self.extension(client, "account_data")
        kinds = {event["type"]: event["content"] for event in first["global"]}
        self.assertEqual(kinds["org.example"], {"n": 1})
        self.assertIn("m.push_rules", kinds)
        self.assertEqual(first["rooms"], {self.room: [{"type": "org.example", "content": {"n": 2}}]})
        self.assertEqual(self.extension(client, "account_data"), {})
        self.put(self.bob, "org.example", {"n": 3})
        self.assertEqual(
            self.extension(client, "account_data", 20_000), {"global": [{"type": "org.example", "content": {"n": 3}}]}
        )
        self.put(self.bob, "org.other", {"n": 4}, self.room)
        self.assertEqual(
            self.extension(client, "account_data", 20_000),
            {"rooms": {self.room: [{"type": "org.other", "content": {"n": 4}}]}},
        )
        self.assertEqual(self.extension(client, "account_data"), {})

    def test_account_data_of_a_room_out_of_the_window_comes_with_it(self) -> None:
        """What was set while it was not in it, and not what was told before."""
        self.put(self.bob, "org.example", {"n": 1}, self.room)
        client = self.client(account_data=ON)
        client.step()
        self.put(self.bob, "org.other", {"n": 2}, self.room)
        self.put(self.bob, "org.global", {})
        self.assertEqual(list(self.extension(client, "account_data", lists={})), ["global"])
        found = self.extension(client, "account_data", lists={"all": a_list(3)})
        self.assertEqual(found, {"rooms": {self.room: [{"type": "org.other", "content": {"n": 2}}]}})

    def test_receipts_of_a_new_room_are_those_of_its_timeline_and_ones_own(self) -> None:
        """Not of everybody who ever read anything."""
        old = self.alice.send(self.room, "old")
        self.bob.post(f"/rooms/{self.room}/receipt/m.read/{old}")
        carol = self.new_user("carol")
        carol.join(self.room)
        carol.post(f"/rooms/{self.room}/receipt/m.read/{old}")
        new = [self.alice.send(self.room, str(number)) for number in range(3)][-1]
        self.alice.post(f"/rooms/{self.room}/receipt/m.read/{new}")
        content = self.extension(self.client(receipts=ON), "receipts")["rooms"][self.room]["content"]
        self.assertEqual(
            {event_id: set(by_type["m.read"]) for event_id, by_type in content.items()},
            {old: {self.bob.user_id}, new: {self.alice.user_id}},
        )

    def test_receipts_come_as_they_are_given(self) -> None:
        """Others' private ones do not."""
        event_id = self.alice.send(self.room, "read me")
        client = self.client(receipts=ON)
        client.step()
        carol = self.new_user("carol")
        carol.join(self.room)
        client.step()
        carol.post(f"/rooms/{self.room}/receipt/m.read.private/{event_id}")
        self.alice.post(f"/rooms/{self.room}/receipt/m.read/{event_id}")
        found = self.extension(client, "receipts", 20_000)["rooms"][self.room]
        self.assertEqual(found["type"], "m.receipt")
        self.assertEqual(
            {kind: set(who) for kind, who in found["content"][event_id].items()}, {"m.read": {self.alice.user_id}}
        )
        self.assertEqual(self.extension(client, "receipts"), {})

    def test_receipts_of_an_expanded_timeline_come_with_it(self) -> None:
        """They were not told as the events were not."""
        old = self.alice.send(self.room, "old")
        self.alice.post(f"/rooms/{self.room}/receipt/m.read/{old}")
        for number in range(3):
            self.bob.send(self.room, str(number))
        client = self.client(receipts={**ON, "rooms": ["*"]})
        self.assertNotIn(old, str(self.extension(client, "receipts")))
        found = self.extension(client, "receipts", room_subscriptions={self.room: a_room(20)})
        self.assertIn(old, found["rooms"][self.room]["content"])

    def test_extensions_keep_to_their_rooms(self) -> None:
        """Those of the lists and of the subscriptions that they name."""
        self.put(self.bob, "org.example", {}, self.room)
        for scope, expected in (
            ({"lists": []}, False),
            ({"lists": ["other"]}, False),
            ({"lists": ["all"]}, True),
            ({"lists": [], "rooms": ["*"]}, True),
            ({"lists": [], "rooms": [self.room]}, True),
            ({"lists": [], "rooms": ["!other:a.example"]}, False),
            ({"lists": []} | {"rooms": []}, False),
        ):
            with self.subTest(scope=scope):
                client = self.client(account_data={**ON, **scope})
                subscriptions = {self.room: a_room()} if "rooms" in scope else {}
                found = self.extension(client, "account_data", room_subscriptions=subscriptions)
                self.assertEqual(self.room in found.get("rooms", {}), expected)

    def test_typing_comes_and_goes(self) -> None:
        """With an empty list when nobody types any more; new rooms have it where anybody does."""
        path = f"/rooms/{self.room}/typing/{self.alice.user_id}"
        client = self.client(typing=ON)
        self.assertEqual(self.extension(client, "typing"), {})
        self.alice.put(path, {"typing": True, "timeout": 60_000})
        typing = {"rooms": {self.room: {"type": "m.typing", "content": {"user_ids": [self.alice.user_id]}}}}
        self.assertEqual(self.extension(client, "typing", 20_000), typing)
        self.assertEqual(self.extension(client, "typing"), {})
        other = SlidingClient(self.bob, conn_id="2", lists={"all": a_list()}, extensions={"typing": ON})
        self.assertEqual(self.extension(other, "typing"), typing)
        self.alice.put(path, {"typing": False})
        empty = {"rooms": {self.room: {"type": "m.typing", "content": {"user_ids": []}}}}
        self.assertEqual(self.extension(client, "typing", 20_000), empty)

    def test_nothing_but_the_own_data_comes_of_a_room_that_was_left(self) -> None:
        """Who reads and who types there is no longer to be seen."""
        client = self.client(typing=ON, receipts=ON)
        client.step()
        self.bob.change(self.room, "leave")
        client.step()
        event_id = self.alice.send(self.room, "x")
        self.alice.put(f"/rooms/{self.room}/typing/{self.alice.user_id}", {"typing": True, "timeout": 60_000})
        self.alice.post(f"/rooms/{self.room}/receipt/m.read/{event_id}")
        self.assertEqual(client.step()["extensions"], {})


SlidingExtensionsTestOnPostgres = on_postgres(SlidingExtensionsTest)
