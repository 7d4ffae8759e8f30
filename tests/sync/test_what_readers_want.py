"""What one user does not want to see, or wants to see in another shape.

https://spec.matrix.org/v1.19/client-server-api/#ignoring-users and
https://spec.matrix.org/v1.19/client-server-api/#filtering
"""

from __future__ import annotations

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


def _ignore(user: User, *others: User) -> None:
    content: Json = {"ignored_users": {other.user_id: {} for other in others}}
    user.put(f"/user/{user.user_id}/account_data/m.ignored_user_list", content)


def _timeline(user: User, room_id: str, **query: object) -> list[Json]:
    answer = user.sync(None, 0, **query)
    events: list[Json] = answer["rooms"]["join"][room_id]["timeline"]["events"]
    return events


class IgnoredUsersTest(HomeserverCase):
    """Bob is ignored by Alice."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        _ignore(self.alice, self.bob)

    def test_their_messages_are_not_shown(self) -> None:
        """Nor do they end up in a later answer."""
        self.bob.send(self.room, "unseen")
        seen = self.alice.send(self.room, "seen")

        messages = [one["event_id"] for one in _timeline(self.alice, self.room) if one["type"] == "m.room.message"]

        self.assertEqual(messages, [seen])

    def test_their_state_events_are_shown(self) -> None:
        """The room would be another without them."""
        joins = [one["state_key"] for one in _timeline(self.alice, self.room) if one["type"] == "m.room.member"]

        self.assertIn(self.bob.user_id, joins)

    def test_their_invites_are_not_shown(self) -> None:
        """Until they are ignored no more."""
        room = self.bob.create_room(invite=[self.alice.user_id])

        self.assertNotIn(room, self.alice.sync().get("rooms", {}).get("invite", {}))
        _ignore(self.alice)
        self.assertIn(room, self.alice.sync()["rooms"]["invite"])

    def test_what_they_type_and_read_is_not_shown(self) -> None:
        """That of others is."""
        carol = self.new_user("carol")
        carol.join(self.room)
        event_id = self.alice.send(self.room, "hello")
        for user in (self.bob, carol):
            user.put(f"/rooms/{self.room}/typing/{user.user_id}", {"typing": True, "timeout": 30_000})
            user.post(f"/rooms/{self.room}/receipt/m.read/{event_id}")
        ephemeral = self.alice.sync()["rooms"]["join"][self.room]["ephemeral"]["events"]
        content = {event["type"]: event["content"] for event in ephemeral}

        self.assertEqual(content["m.typing"], {"user_ids": [carol.user_id]})
        self.assertEqual(content["m.receipt"][event_id]["m.read"].keys(), {carol.user_id})


class ShapeTest(HomeserverCase):
    """Fields and formats that a filter asks for."""

    def setUp(self) -> None:
        self.alice = self.new_user("alice")
        self.room = self.alice.create_room()
        self.event_id = self.alice.send(self.room, "hello", **{"org.example.a.b": 1, "other": {"x": 1, "y": 2}})

    def _message(self, wanted: Json) -> Json:
        return _timeline(self.alice, self.room, filter=wanted)[-1]

    def test_event_fields(self) -> None:
        r"""Only what the paths name; `\.` is a dot within a key."""
        fields = ["type", "content.body", "content.other.y", r"content.org\.example\.a\.b", "content.none"]

        message = self._message({"event_fields": fields})

        content = {"body": "hello", "other": {"y": 2}, "org.example.a.b": 1}
        self.assertEqual(message, {"type": "m.room.message", "content": content})

    def test_the_format_of_servers(self) -> None:
        """Events as servers exchange them, with what they refer to and their signatures."""
        message = self._message({"event_format": "federation"})

        self.assertEqual(message["event_id"], self.event_id)
        self.assertIn(self.server.name, message["signatures"])
        self.assertLessEqual({"prev_events", "auth_events", "hashes", "depth"}, message.keys())


class RoomAccountDataTest(HomeserverCase):
    """Tags and other data of a room that is joined again."""

    def test_it_is_told_again(self) -> None:
        """A client that has just learnt of the room needs what was set in an earlier stay."""
        alice = self.new_user("alice")
        room = alice.create_room(preset="public_chat")
        self.new_user("bob").join(room)
        alice.put(f"/user/{alice.user_id}/rooms/{room}/tags/u.work", {"order": 0.5})
        alice.change(room, "leave")
        since = alice.sync()["next_batch"]
        alice.join(room)

        events = alice.sync(since)["rooms"]["join"][room]["account_data"]["events"]

        self.assertEqual(events, [{"type": "m.tag", "content": {"tags": {"u.work": {"order": 0.5}}}}])


IgnoredUsersTestOnPostgres = on_postgres(IgnoredUsersTest)
RoomAccountDataTestOnPostgres = on_postgres(RoomAccountDataTest)
