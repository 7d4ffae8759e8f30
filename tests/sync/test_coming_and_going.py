"""What `/sync` says when a user's own membership changes.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
"""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Json
from tests.support.homeserver import FederationCase


class InvitedFromElsewhereTest(FederationCase):
    """Alice has a room here, and invites Bob, who is there."""

    def setUp(self) -> None:
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")
        self.since = self.bob.sync()["next_batch"]
        self.room = self.alice.create_room(name="Plans", invite=[self.bob.user_id])
        self.bob.sync_until(lambda answer: self.room in answer.get("rooms", {}).get("invite", {}), self.since)

    def room_in(self, section: str, **query: Any) -> Json:
        """The room as it stands in `rooms.<section>` of the answers since before the invite."""

        def find(answer: Json) -> Json | None:
            room: Json | None = answer.get("rooms", {}).get(section, {}).get(self.room)
            return room

        return self.bob.sync_until(find, self.since, **query)

    def test_after_a_join_the_timeline_is_limited_and_leads_to_what_went_before(self) -> None:
        """The history is on the other server: without `limited` a client that knew of the invite never asks for it."""
        self.bob.join(self.room, self.here.name)

        timeline = self.room_in("join")["timeline"]
        self.assertTrue(timeline["limited"])
        query = {"dir": "b", "from": timeline["prev_batch"], "limit": 50}
        before = self.bob.get(f"/rooms/{self.room}/messages", query)["chunk"]

        self.assertIn("m.room.create", [event["type"] for event in before])

    def test_state_after_a_declined_invite_has_the_leave(self) -> None:
        """Clients that ask for `state_after` take no state from the timeline."""
        self.bob.change(self.room, "leave")

        room = self.room_in("leave", use_state_after="true")

        memberships = {event["state_key"]: event["content"]["membership"] for event in room["state_after"]["events"]}
        self.assertEqual(memberships, {self.bob.user_id: "leave"})

    def test_a_room_shown_from_its_creation_on_is_not_limited(self) -> None:
        """Nothing is left out."""
        since = self.alice.sync()["next_batch"]
        room = self.alice.create_room()

        timeline = self.alice.sync(since)["rooms"]["join"][room]["timeline"]

        self.assertEqual(timeline["events"][0]["type"], "m.room.create")
        self.assertFalse(timeline["limited"])

    def test_a_new_display_name_is_one_event_and_no_join(self) -> None:
        """What the user has seen of the room before is not sent again."""
        self.bob.join(self.room, self.here.name)
        self.room_in("join")
        since = self.bob.sync()["next_batch"]
        self.bob.put(f"/profile/{self.bob.user_id}/displayname", {"displayname": "Bob B."})

        timeline = self.bob.sync(since)["rooms"]["join"][self.room]["timeline"]

        names = [event["content"].get("displayname") for event in timeline["events"]]
        self.assertEqual((names, timeline["limited"]), (["Bob B."], False))

    def test_a_change_of_what_was_there_at_the_join_shows_what_was_before(self) -> None:
        """Clients tell by it whether a member joins or only has a new name, also where the first join is of before."""
        self.bob.join(self.room, self.here.name)
        self.room_in("join")
        since = self.bob.sync()["next_batch"]
        self.alice.put(f"/profile/{self.alice.user_id}/displayname", {"displayname": "Alice A."})

        def find(answer: Json) -> Json | None:
            room = answer.get("rooms", {}).get("join", {}).get(self.room, {})
            found = [event for event in room.get("timeline", {}).get("events", []) if event["type"] == "m.room.member"]
            return found[0] if found else None

        before = self.bob.sync_until(find, since)["unsigned"]["prev_content"]

        self.assertEqual(before, {"membership": "join", "displayname": self.alice.localpart})
