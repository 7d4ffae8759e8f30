"""`/events`: what happens, as it happens; and of rooms that everybody may read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.support.api_client import Json, User
from tests.support.homeserver import HomeserverCase

_TIMEOUT_MS = 5_000


class EventStreamTest(HomeserverCase):
    """Bob listens; Alice does something."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")

    def token(self, user: User, **query: str) -> str:
        """Where nothing is new."""
        answer = user.get("/events", {"timeout": 0, **query})
        self.assertEqual((answer["chunk"], answer["start"]), ([], answer["end"]))
        end: str = answer["end"]
        return end

    def heard(self, user: User, since: str, of_type: str, **query: str) -> Json:
        """The first event of a type after a token."""
        for _ in range(5):
            answer = user.get("/events", {"from": since, "timeout": _TIMEOUT_MS, **query})
            since = answer["end"]
            for event in answer["chunk"]:
                if event["type"] == of_type:
                    found: Json = event
                    return found
        raise AssertionError(f"{user.user_id} never heard of {of_type}")

    def test_a_message_ends_the_wait(self) -> None:
        """It comes with its room."""
        self.bob.join(self.room)
        since = self.token(self.bob)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(self.heard, self.bob, since, "m.room.message")
            event_id = self.alice.send(self.room, "hi")
            event = waiting.result()
        self.assertEqual((event["event_id"], event["room_id"]), (event_id, self.room))

    def test_only_what_is_new_is_told_of_a_room_just_joined(self) -> None:
        """Not what was said before the token."""
        self.alice.send(self.room, "before")
        since = self.token(self.bob)
        self.bob.join(self.room)
        chunk = self.bob.get("/events", {"from": since, "timeout": _TIMEOUT_MS})["chunk"]
        told = [event["type"] for event in chunk if event.get("room_id") == self.room]
        self.assertEqual(told, ["m.room.member"])

    def test_an_invite_and_a_kick_are_told(self) -> None:
        """They are the user's own member events."""
        since = self.token(self.bob)
        private = self.alice.create_room()
        self.alice.change(private, "invite", self.bob)
        invite = self.heard(self.bob, since, "m.room.member")
        self.assertEqual((invite["content"]["membership"], invite["room_id"]), ("invite", private))
        self.bob.join(private)
        since = self.token(self.bob)
        self.alice.change(private, "kick", self.bob)
        self.alice.send(private, "not for Bob")
        self.assertEqual(self.heard(self.bob, since, "m.room.member")["content"]["membership"], "leave")
        told = self.bob.get("/events", {"from": since, "timeout": 0})["chunk"]
        self.assertNotIn("m.room.message", [event["type"] for event in told])

    def test_typing_receipts_and_account_data_are_told(self) -> None:
        """Each with the room it is of."""
        self.bob.join(self.room)
        event_id = self.alice.send(self.room, "read me")
        since = self.token(self.bob)
        self.alice.put(f"/rooms/{self.room}/typing/{self.alice.user_id}", {"typing": True, "timeout": 20_000})
        typing = self.heard(self.bob, since, "m.typing")
        self.assertEqual((typing["room_id"], typing["content"]["user_ids"]), (self.room, [self.alice.user_id]))
        self.alice.post(f"/rooms/{self.room}/receipt/m.read/{event_id}")
        receipt = self.heard(self.bob, since, "m.receipt")
        self.assertIn(self.alice.user_id, receipt["content"][event_id]["m.read"])
        self.bob.put(f"/user/{self.bob.user_id}/rooms/{self.room}/account_data/org.example", {"a": 1})
        mine = self.heard(self.bob, since, "org.example")
        self.assertEqual((mine["room_id"], mine["content"]), (self.room, {"a": 1}))

    def test_who_is_not_in_a_room_may_listen_where_everybody_may_read(self) -> None:
        """From the moment on when they may."""
        query = {"room_id": self.room, "timeout": "0"}
        self.assertEqual(self.bob.refusal("GET", "/events", query=query), (403, "M_FORBIDDEN"))
        self.alice.send(self.room, "secret")
        self.alice.set_state(self.room, "m.room.history_visibility", {"history_visibility": "world_readable"})
        since = self.token(self.bob, room_id=self.room)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(self.heard, self.bob, since, "m.room.message", room_id=self.room)
            event_id = self.alice.send(self.room, "public")
            self.assertEqual(waiting.result()["event_id"], event_id)

    def test_too_much_is_told_bit_by_bit(self) -> None:
        """Nothing is left out and nothing comes twice."""
        since = self.token(self.alice)
        sent = [self.alice.send(self.room, str(number)) for number in range(5)]
        heard: list[str] = []
        for _ in range(10):
            answer = self.alice.get("/events", {"from": since, "timeout": 0, "limit": 2})
            heard += [event["event_id"] for event in answer["chunk"] if event["type"] == "m.room.message"]
            since = answer["end"]
        self.assertEqual(heard, sent)
        self.assertEqual(self.alice.refusal("GET", "/events", query={"limit": "many"})[0], 400)

    def test_a_single_event_needs_no_room(self) -> None:
        """And is not there for strangers."""
        event_id = self.alice.send(self.room, "hi")
        self.assertEqual(self.alice.get(f"/events/{event_id}")["content"]["body"], "hi")
        self.assertEqual(self.bob.refusal("GET", f"/events/{event_id}"), (404, "M_NOT_FOUND"))
