"""What users of one server learn of those of another, beside the rooms' events."""

from __future__ import annotations

from tests.federation.two_servers import wait_for_membership
from tests.support.api_client import Json, User
from tests.support.homeserver import FederationCase

NOT_FOUND = (404, "M_NOT_FOUND")


class UsersOfTwoServersTest(FederationCase):
    """Alice is here, Bob is there, and they share a room."""

    def setUp(self) -> None:
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room, self.here.name)
        wait_for_membership(self.alice, self.room, self.bob, "join")

    def ephemeral(self, user: User, event_type: str) -> Json:
        """Wait for an ephemeral event of the room; returns its content."""

        def find(answer: Json) -> Json | None:
            room = answer.get("rooms", {}).get("join", {}).get(self.room, {})
            events = room.get("ephemeral", {}).get("events", [])
            return next((event["content"] for event in events if event["type"] == event_type), None)

        return user.sync_until(find)

    def test_typing_is_seen(self) -> None:
        """From there, and its end."""
        path = f"/rooms/{self.room}/typing/{self.bob.user_id}"
        since = self.alice.sync()["next_batch"]
        self.bob.put(path, {"typing": True, "timeout": 30_000})
        self.assertEqual(self.ephemeral(self.alice, "m.typing"), {"user_ids": [self.bob.user_id]})
        self.bob.put(path, {"typing": False})

        def has_ended(answer: Json) -> bool:
            room = answer.get("rooms", {}).get("join", {}).get(self.room, {})
            return {"type": "m.typing", "content": {"user_ids": []}} in room.get("ephemeral", {}).get("events", [])

        self.alice.sync_until(has_ended, since)

    def test_receipts_are_seen(self) -> None:
        """A public one; a private one stays at home."""
        first, second = self.alice.send(self.room, "1"), self.alice.send(self.room, "2")
        self.bob.wait_for_event(self.room, second)
        self.bob.post(f"/rooms/{self.room}/receipt/m.read.private/{second}")
        self.bob.post(f"/rooms/{self.room}/receipt/m.read/{first}")

        content = self.ephemeral(self.alice, "m.receipt")

        self.assertEqual(set(content), {first})
        self.assertIn(self.bob.user_id, content[first]["m.read"])

    def test_presence_is_seen(self) -> None:
        """With its status."""
        path = f"/presence/{self.bob.user_id}/status"
        self.bob.put(path, {"presence": "unavailable", "status_msg": "Far away"})

        def find(answer: Json) -> Json | None:
            events = answer.get("presence", {}).get("events", [])
            return next((one["content"] for one in events if one["content"].get("status_msg") == "Far away"), None)

        self.assertEqual(self.alice.sync_until(find)["presence"], "unavailable")
        self.assertEqual(self.alice.get(path)["presence"], "unavailable")

    def test_who_joins_and_who_is_there_hear_of_each_other(self) -> None:
        """Though both came online before."""
        carol = self.there.new_user("carol")
        room = self.alice.create_room(preset="public_chat")
        self.alice.put(f"/presence/{self.alice.user_id}/status", {"presence": "online", "status_msg": "Here"})
        carol.put(f"/presence/{carol.user_id}/status", {"presence": "online", "status_msg": "There"})
        carol.join(room, self.here.name)

        for reader, status in ((carol, "Here"), (self.alice, "There")):

            def find(answer: Json, status: str = status) -> bool:
                events = answer.get("presence", {}).get("events", [])
                return any(event["content"].get("status_msg") == status for event in events)

            reader.sync_until(find, set_presence="offline")

    def test_profiles_are_asked_for(self) -> None:
        """By who has never met the user; 404 M_NOT_FOUND where there is none."""
        carol = self.there.new_user("carol")
        carol.put(f"/profile/{carol.user_id}/displayname", {"displayname": "Carol"})

        self.assertEqual(self.alice.get(f"/profile/{carol.user_id}")["displayname"], "Carol")
        self.assertEqual(self.alice.get(f"/profile/{carol.user_id}/displayname"), {"displayname": "Carol"})
        self.assertEqual(self.alice.refusal("GET", f"/profile/@nobody:{self.there.name}"), NOT_FOUND)

    def test_a_new_name_reaches_the_rooms_of_the_other_server(self) -> None:
        """As a member event."""
        self.bob.put(f"/profile/{self.bob.user_id}/displayname", {"displayname": "Bobby"})

        def has_name(_: Json) -> bool:
            member = self.alice.state(self.room, "m.room.member", self.bob.user_id)
            return member.get("displayname") == "Bobby"

        self.alice.sync_until(has_name)

    def test_aliases_are_asked_for(self) -> None:
        """With the servers that are in the room; 404 M_NOT_FOUND where there is none."""
        alias = f"#{self.alice.localpart}:{self.here.name}"
        self.alice.put(f"/directory/room/{alias}", {"room_id": self.room})

        found = self.bob.get(f"/directory/room/{alias}")

        self.assertEqual(found["room_id"], self.room)
        self.assertLessEqual({self.here.name, self.there.name}, set(found["servers"]))
        self.assertEqual(self.bob.refusal("GET", f"/directory/room/#none:{self.here.name}"), NOT_FOUND)

    def test_public_rooms_of_the_other_server_are_listed(self) -> None:
        """Those of the server named, with a search too."""
        room = self.alice.create_room(visibility="public", name=f"Garden of {self.alice.localpart}")

        listed = self.bob.get("/publicRooms", {"server": self.here.name})["chunk"]
        search = {"filter": {"generic_search_term": self.alice.localpart}}
        found = self.bob.post("/publicRooms", search, {"server": self.here.name})["chunk"]

        self.assertIn(room, [entry["room_id"] for entry in listed])
        self.assertEqual([entry["room_id"] for entry in found], [room])
        self.assertNotIn(room, [entry["room_id"] for entry in self.bob.get("/publicRooms")["chunk"]])

    def test_servers_that_are_not_there_are_told_of_in_time(self) -> None:
        """A join, an alias and a profile of a server that does not answer end with an error."""
        gone = "localhost:1"
        for method, path in (
            ("POST", f"/join/#room:{gone}"),
            ("POST", f"/join/!room:{gone}"),
            ("GET", f"/directory/room/#room:{gone}"),
            ("GET", f"/profile/@user:{gone}"),
        ):
            answer = self.alice.request(method, path, {} if method == "POST" else None)
            self.assertIn(answer.status, (404, 502, 504), path)
            self.assertTrue(answer.json["errcode"])
