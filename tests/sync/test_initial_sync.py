"""`/initialSync`: everything, or all of one room."""

from __future__ import annotations

from tests.support.api_client import Json
from tests.support.homeserver import HomeserverCase


class InitialSyncTest(HomeserverCase):
    """Alice has a room in the public list, Bob comes and goes."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat", visibility="public", name="First name")

    def entry(self, room_id: str, **query: str) -> Json:
        """Of Bob's rooms, one."""
        rooms = self.bob.get("/initialSync", query)["rooms"]
        return next((room for room in rooms if room["room_id"] == room_id), {})

    def test_a_joined_room_has_its_current_state_and_its_last_events(self) -> None:
        """With tokens to go on from, backwards and forwards."""
        self.bob.join(self.room)
        self.alice.set_state(self.room, "m.room.name", {"name": "Second name"})
        first, second = self.alice.send(self.room, "1"), self.alice.send(self.room, "2")
        room = self.entry(self.room, limit="1")

        self.assertEqual((room["membership"], room["visibility"]), ("join", "public"))
        names = [event["content"]["name"] for event in room["state"] if event["type"] == "m.room.name"]
        self.assertEqual(names, ["Second name"])
        messages = room["messages"]
        self.assertEqual([event["event_id"] for event in messages["chunk"]], [second])
        earlier = self.bob.get(f"/rooms/{self.room}/messages", {"dir": "b", "from": messages["start"], "limit": 1})
        self.assertEqual(earlier["chunk"][0]["event_id"], first)
        third = self.alice.send(self.room, "3")
        heard = self.bob.get("/events", {"from": messages["end"], "timeout": 10_000})["chunk"]
        self.assertIn(third, [event.get("event_id") for event in heard])

    def test_a_room_left_is_there_when_asked_for(self) -> None:
        """As it was when it was left."""
        self.bob.join(self.room)
        last = self.alice.send(self.room, "seen")
        self.bob.change(self.room, "leave")
        self.alice.send(self.room, "not seen")

        self.assertEqual(self.entry(self.room), {})
        room = self.entry(self.room, archived="true", limit="2")
        self.assertEqual(room["membership"], "leave")
        self.assertEqual(room["messages"]["chunk"][0]["event_id"], last)

    def test_an_invite_comes_with_its_event(self) -> None:
        """By whom it is."""
        self.alice.change(self.room, "invite", self.bob)
        room = self.entry(self.room)
        self.assertEqual((room["membership"], room["invite"]["sender"]), ("invite", self.alice.user_id))

    def test_receipts_and_account_data_are_there(self) -> None:
        """Those of the whole account and those of a room."""
        self.bob.join(self.room)
        event_id = self.alice.send(self.room, "read me")
        self.bob.post(f"/rooms/{self.room}/receipt/m.read/{event_id}")
        self.bob.put(f"/user/{self.bob.user_id}/account_data/org.all", {"a": 1})
        self.bob.put(f"/user/{self.bob.user_id}/rooms/{self.room}/account_data/org.one", {"b": 2})

        answer = self.bob.get("/initialSync")
        self.assertEqual(answer["account_data"], [{"type": "org.all", "content": {"a": 1}}])
        self.assertIn(self.bob.user_id, answer["receipts"][0]["content"][event_id]["m.read"])
        for room in (answer["rooms"][0], self.bob.get(f"/rooms/{self.room}/initialSync")):
            self.assertEqual(room["account_data"], [{"type": "org.one", "content": {"b": 2}}])

    def test_one_room_is_for_those_who_may_read_it(self) -> None:
        """Members, and everybody where the history is for everybody."""
        path = f"/rooms/{self.room}/initialSync"
        self.assertEqual(self.bob.refusal("GET", path), (403, "M_FORBIDDEN"))
        self.alice.set_state(self.room, "m.room.history_visibility", {"history_visibility": "world_readable"})
        last = self.alice.send(self.room, "public")

        room = self.bob.get(path)
        self.assertEqual(room["membership"], "leave")
        self.assertEqual(room["messages"]["chunk"][-1]["event_id"], last)
        self.assertIn("m.room.create", [event["type"] for event in room["state"]])

    def test_who_asks_is_online(self) -> None:
        """And told so."""
        presence = {event["sender"]: event["content"] for event in self.bob.get("/initialSync")["presence"]}
        self.assertEqual(presence[self.bob.user_id]["presence"], "online")
        self.assertEqual(presence[self.bob.user_id]["user_id"], self.bob.user_id)
