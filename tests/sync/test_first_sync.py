"""What a client is told when it syncs for the first time.

https://spec.matrix.org/v1.19/client-server-api/#syncing
"""

from __future__ import annotations

from tests.support.api_client import Json
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


def keys(events: list[Json]) -> set[tuple[str, str]]:
    """Type and state key of each."""
    return {(event["type"], event["state_key"]) for event in events if "state_key" in event}


class FirstSyncTest(HomeserverCase):
    """Alice and Bob, and rooms of Alice's."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")

    def test_a_new_user_is_in_no_room_and_has_push_rules(self) -> None:
        """And a token to go on from."""
        answer = self.alice.sync()

        self.assertEqual(answer.get("rooms", {}), {})
        self.assertIn("m.push_rules", [event["type"] for event in answer["account_data"]["events"]])
        self.assertTrue(answer["next_batch"])

    def test_a_small_room_comes_whole(self) -> None:
        """Every event in the timeline, none of them in the state too, and nothing before it."""
        room = self.alice.create_room(name="Small")
        self.alice.send(room, "hello")

        found = self.alice.sync(filter={"room": {"timeline": {"limit": 50}}})["rooms"]["join"][room]

        everything = self.alice.get(f"/rooms/{room}/messages", {"dir": "f", "limit": 50})["chunk"]
        self.assertEqual(
            [event["event_id"] for event in found["timeline"]["events"]], [event["event_id"] for event in everything]
        )
        self.assertFalse(found["timeline"]["limited"])
        self.assertEqual(found["state"]["events"], [])

    def test_events_do_not_say_of_which_room_they_are(self) -> None:
        """That stands beside them; elsewhere they do.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync_response-200_timeline
        """
        room = self.alice.create_room(name="Named")
        event_id = self.alice.send(room, "hello")
        found = self.alice.sync(filter={"room": {"timeline": {"limit": 2}}})["rooms"]["join"][room]
        self.alice.change(room, "leave")
        left = self.alice.sync(filter={"room": {"include_leave": True}})["rooms"]["leave"][room]

        told = [*found["timeline"]["events"], *found["state"]["events"], *left["timeline"]["events"]]
        self.assertEqual([event for event in told if "room_id" in event], [])
        self.assertEqual(found["timeline"]["events"][-1]["event_id"], event_id)
        self.assertEqual(self.alice.get(f"/rooms/{room}/event/{event_id}")["room_id"], room)

    def test_a_large_room_comes_with_its_end_and_the_state_before_that(self) -> None:
        """`limited`, and state and timeline together give the state of now; `prev_batch` leads back."""
        room = self.alice.create_room(name="Large")
        for number in range(12):
            self.alice.send(room, str(number))
        self.alice.set_state(room, "m.room.topic", {"topic": "New"})

        found = self.alice.sync(filter={"room": {"timeline": {"limit": 3}}})["rooms"]["join"][room]

        timeline = found["timeline"]
        self.assertEqual([event["content"] for event in timeline["events"]][-1], {"topic": "New"})
        self.assertEqual((len(timeline["events"]), timeline["limited"]), (3, True))
        self.assertNotIn(("m.room.topic", ""), keys(found["state"]["events"]))
        state = self.alice.get(f"/rooms/{room}/state")
        together = keys(found["state"]["events"]) | keys(timeline["events"])
        self.assertEqual(together, keys(state))
        query = {"dir": "b", "limit": 1, "from": timeline["prev_batch"]}
        before = self.alice.get(f"/rooms/{room}/messages", query)["chunk"]
        self.assertEqual([event["content"]["body"] for event in before], ["9"])

    def test_a_room_that_is_not_the_first_has_the_name_from_its_state(self) -> None:
        """With a limit of 0 events the whole state is there."""
        room = self.alice.create_room(name="Quiet")

        found = self.alice.sync(filter={"room": {"timeline": {"limit": 0}}})["rooms"]["join"][room]

        self.assertEqual(found["timeline"]["events"], [])
        names = [event["content"] for event in found["state"]["events"] if event["type"] == "m.room.name"]
        self.assertEqual(names, [{"name": "Quiet"}])

    def test_an_invite_tells_what_the_room_is(self) -> None:
        """Stripped state: no ids, the name, the rules, the create event, who invites, and the invite itself."""
        room = self.alice.create_room(name="Party", invite=[self.bob.user_id])

        invite = self.bob.sync()["rooms"]["invite"][room]["invite_state"]["events"]

        found = {(event["type"], event["state_key"]): event for event in invite}
        self.assertEqual(found["m.room.name", ""]["content"], {"name": "Party"})
        self.assertLessEqual(
            {("m.room.create", ""), ("m.room.join_rules", ""), ("m.room.member", self.bob.user_id)}, set(found)
        )
        self.assertEqual(found["m.room.member", self.bob.user_id]["sender"], self.alice.user_id)
        self.assertEqual(found["m.room.member", self.bob.user_id]["content"]["membership"], "invite")
        for event in invite:
            self.assertLessEqual({"type", "state_key", "content", "sender"}, set(event))

    def test_rooms_that_were_left_come_only_if_asked_for(self) -> None:
        """With `include_leave`, up to the leave and no further; never again once forgotten."""
        room = self.alice.create_room(preset="public_chat")
        self.bob.join(room)
        self.bob.change(room, "leave")
        self.alice.send(room, "unheard")
        with_left = {"room": {"include_leave": True, "timeline": {"limit": 50}}}

        self.assertNotIn("leave", self.bob.sync().get("rooms", {}))
        left = self.bob.sync(filter=with_left)["rooms"]["leave"][room]
        last = left["timeline"]["events"][-1]
        self.assertEqual((last["state_key"], last["content"]["membership"]), (self.bob.user_id, "leave"))

        self.bob.change(room, "forget")
        self.assertNotIn("leave", self.bob.sync(filter=with_left).get("rooms", {}))

    def test_the_summary_counts_members_and_names_heroes(self) -> None:
        """Everybody but oneself, joined and invited."""
        carol = self.new_user("carol")
        room = self.alice.create_room(preset="public_chat", invite=[carol.user_id])
        self.bob.join(room)

        summary = self.alice.sync()["rooms"]["join"][room]["summary"]

        self.assertEqual(set(summary["m.heroes"]), {self.bob.user_id, carol.user_id})
        self.assertEqual((summary["m.joined_member_count"], summary["m.invited_member_count"]), (2, 1))

    def test_unread_messages_of_others_are_counted(self) -> None:
        """Since the join, until a receipt."""
        room = self.alice.create_room(preset="public_chat")
        self.bob.join(room)
        self.bob.send(room, "my own do not count")
        self.alice.send(room, "one")
        last = self.alice.send(room, "two")

        def count() -> int:
            number: int = self.bob.sync()["rooms"]["join"][room]["unread_notifications"]["notification_count"]
            return number

        self.assertEqual(count(), 2)
        self.bob.post(f"/rooms/{room}/receipt/m.read/{last}")
        self.assertEqual(count(), 0)

    def test_a_token_that_is_none_is_refused(self) -> None:
        """400."""
        self.assertEqual(self.alice.refusal("GET", "/sync", query={"since": "nonsense"}), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.alice.refusal("GET", "/sync", query={"timeout": "soon"})[0], 400)
        self.assertEqual(self.alice.refusal("GET", "/sync", query={"set_presence": "away"})[0], 400)


FirstSyncTestOnPostgres = on_postgres(FirstSyncTest)
