"""What a client is told since a token.

https://spec.matrix.org/v1.19/client-server-api/#syncing
"""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class Follower:
    """A client that syncs again and again; `step` gives what is new."""

    def __init__(self, user: User, **query: Any) -> None:
        self._user = user
        self._query = query
        self.since: str | None = None
        self.step()

    def step(self) -> Json:
        """One answer."""
        answer = self._user.sync(self.since, **self._query)
        self.since = answer["next_batch"]
        return answer

    def room(self, room_id: str, section: str = "join") -> Json:
        """What is new in a room; empty where nothing is."""
        found: Json = self.step().get("rooms", {}).get(section, {}).get(room_id, {})
        return found


def ids(events: list[Json]) -> list[str]:
    """The events' ids."""
    return [event["event_id"] for event in events]


class LaterSyncTest(HomeserverCase):
    """Bob follows what Alice does in a public room that both are in."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        self.follower = Follower(self.bob)

    def test_nothing_new_is_an_empty_answer(self) -> None:
        """No rooms, and asking twice with one token gives the same."""
        since = self.follower.since
        self.follower.step()
        self.assertEqual(self.follower.step().get("rooms", {}), {})
        self.assertEqual(self.bob.sync(since).get("rooms", {}), {})

    def test_a_message_comes_once_and_alone(self) -> None:
        """Only its room, no state, not limited."""
        self.alice.create_room(preset="public_chat")
        event_id = self.alice.send(self.room, "news")

        rooms = self.follower.step()["rooms"]

        self.assertEqual(list(rooms["join"]), [self.room])
        found = rooms["join"][self.room]
        self.assertEqual(ids(found["timeline"]["events"]), [event_id])
        self.assertFalse(found["timeline"]["limited"])
        self.assertEqual(found["state"]["events"], [])
        self.assertEqual(self.follower.room(self.room), {})

    def test_a_token_gives_the_same_again(self) -> None:
        """A client that lost an answer asks again."""
        since = self.follower.since
        event_id = self.alice.send(self.room, "news")
        for _ in range(2):
            found = self.bob.sync(since)["rooms"]["join"][self.room]
            self.assertEqual(ids(found["timeline"]["events"]), [event_id])

    def test_a_room_just_joined_comes_with_all_its_state(self) -> None:
        """Though the room is older than the token."""
        other = self.alice.create_room(preset="public_chat", name="Old")
        for number in range(15):
            self.alice.send(other, str(number))
        self.follower.step()

        self.bob.join(other)

        found = self.follower.room(other)
        names = [event["content"]["name"] for event in found["state"]["events"] if event["type"] == "m.room.name"]
        self.assertEqual(names, ["Old"])
        self.assertTrue(found["timeline"]["limited"])
        self.assertEqual(found["timeline"]["events"][-1]["state_key"], self.bob.user_id)
        self.assertIn("summary", found)

    def test_state_that_was_set_in_a_gap_comes_once_in_the_state(self) -> None:
        """The last value of each, and not what the timeline shows."""
        self.alice.set_state(self.room, "m.room.topic", {"topic": "first"})
        topic = self.alice.set_state(self.room, "m.room.topic", {"topic": "second"})
        for number in range(12):
            self.alice.send(self.room, str(number))
        name = self.alice.set_state(self.room, "m.room.name", {"name": "shown"})

        found = self.follower.room(self.room)

        self.assertTrue(found["timeline"]["limited"])
        self.assertEqual(ids(found["state"]["events"]), [topic])
        self.assertEqual(ids(found["timeline"]["events"])[-1], name)

    def test_state_in_the_timeline_is_not_repeated(self) -> None:
        """Set twice, it comes twice in the timeline and never in the state."""
        sent = [self.alice.set_state(self.room, "m.room.topic", {"topic": str(number)}) for number in range(2)]

        found = self.follower.room(self.room)

        self.assertEqual(ids(found["timeline"]["events"]), sent)
        self.assertEqual(found["state"]["events"], [])

    def test_leaving_and_coming_back_between_two_syncs_shows_the_room_as_joined(self) -> None:
        """Once, under `join`, with its state."""
        self.bob.change(self.room, "leave")
        self.bob.join(self.room)

        rooms = self.follower.step()["rooms"]

        self.assertEqual(list(rooms), ["join"])
        found = rooms["join"][self.room]
        types = {event["type"] for event in [*found["state"]["events"], *found["timeline"]["events"]]}
        self.assertLessEqual({"m.room.create", "m.room.power_levels", "m.room.join_rules"}, types)

    def test_a_room_that_was_left_comes_a_last_time(self) -> None:
        """What was said before, and the leave; nothing of what follows."""
        before = self.alice.send(self.room, "before")
        self.bob.change(self.room, "leave")
        self.alice.send(self.room, "after")

        found = self.follower.room(self.room, "leave")

        events = found["timeline"]["events"]
        self.assertEqual(ids(events)[0], before)
        self.assertEqual((len(events), events[1]["content"]["membership"]), (2, "leave"))
        self.alice.send(self.room, "later")
        self.assertEqual(self.follower.step().get("rooms", {}), {})

    def test_kicks_and_bans_come_under_leave(self) -> None:
        """With the member event that says by whom."""
        for action in ("kick", "ban"):
            self.alice.change(self.room, action, self.bob, reason="Why")
            last = self.follower.room(self.room, "leave")["timeline"]["events"][-1]
            self.assertEqual((last["sender"], last["content"]["reason"]), (self.alice.user_id, "Why"))
            if action == "kick":
                self.bob.join(self.room)
                self.follower.step()

    def test_a_forgotten_room_still_tells_of_the_leave(self) -> None:
        """Once, to a client that was not there."""
        self.bob.change(self.room, "leave")
        self.bob.change(self.room, "forget")

        self.assertIn(self.room, self.follower.step()["rooms"]["leave"])
        self.assertEqual(self.follower.step().get("rooms", {}), {})

    def test_an_invite_comes_once_and_its_refusal_under_leave(self) -> None:
        """A new invite is told again."""
        room = self.alice.create_room(preset="private_chat")
        for _ in range(2):
            self.alice.change(room, "invite", self.bob)
            self.assertIn(room, self.follower.step()["rooms"]["invite"])
            self.assertEqual(self.follower.step().get("rooms", {}), {})
            self.bob.change(room, "leave")
            self.assertIn(room, self.follower.step()["rooms"]["leave"])

    def test_an_invite_that_is_accepted_becomes_a_joined_room(self) -> None:
        """With the state and no trace of the invite's section."""
        room = self.alice.create_room(preset="private_chat", invite=[self.bob.user_id])
        self.follower.step()
        self.bob.join(room)

        rooms = self.follower.step()["rooms"]

        self.assertEqual(list(rooms), ["join"])
        self.assertIn("m.room.create", [event["type"] for event in rooms["join"][room]["timeline"]["events"]])

    def test_an_invite_taken_back_ends_under_leave(self) -> None:
        """Before it was answered."""
        room = self.alice.create_room(preset="private_chat", invite=[self.bob.user_id])
        self.follower.step()
        self.alice.change(room, "kick", self.bob)

        rooms = self.follower.step()["rooms"]

        self.assertEqual(list(rooms), ["leave"])

    def test_full_state_repeats_the_state_of_every_room(self) -> None:
        """Also where nothing is new; no event is repeated in the timeline."""
        answer = self.bob.sync(self.follower.since, full_state="true")

        found = answer["rooms"]["join"][self.room]
        expected = {event["event_id"] for event in self.bob.get(f"/rooms/{self.room}/state")}
        self.assertEqual(set(ids(found["state"]["events"])), expected)
        self.assertEqual(found["timeline"]["events"], [])

    def test_state_after_is_the_state_at_the_end_of_the_timeline(self) -> None:
        """Under the name that was asked for, with what the timeline sets."""
        topic = self.alice.set_state(self.room, "m.room.topic", {"topic": "x"})
        for name in ("use_state_after", "org.matrix.msc4222.use_state_after"):
            key = name.replace("use_", "")
            found = self.bob.sync(self.follower.since, 0, **{name: "true"})["rooms"]["join"][self.room]
            self.assertEqual(ids(found[key]["events"]), [topic])
            self.assertEqual(ids(found["timeline"]["events"]), [topic])
            self.assertNotIn("state", found)

    def test_the_summary_comes_when_members_change(self) -> None:
        """And not with a message."""
        self.alice.send(self.room, "x")
        self.assertNotIn("summary", self.follower.room(self.room))
        self.new_user("carol").join(self.room)
        self.assertEqual(self.follower.room(self.room)["summary"]["m.joined_member_count"], 3)

    def test_account_data_comes_when_it_changes(self) -> None:
        """The user's own and that of a room, each once."""
        self.bob.put(f"/user/{self.bob.user_id}/account_data/org.example", {"a": 1})
        self.bob.put(f"/user/{self.bob.user_id}/rooms/{self.room}/account_data/org.example", {"b": 2})

        answer = self.follower.step()

        self.assertEqual(answer["account_data"]["events"], [{"type": "org.example", "content": {"a": 1}}])
        of_room = answer["rooms"]["join"][self.room]["account_data"]["events"]
        self.assertEqual(of_room, [{"type": "org.example", "content": {"b": 2}}])
        answer = self.follower.step()
        self.assertNotIn("account_data", answer)
        self.assertEqual(answer.get("rooms", {}), {})


LaterSyncTestOnPostgres = on_postgres(LaterSyncTest)
