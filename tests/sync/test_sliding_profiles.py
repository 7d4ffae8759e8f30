"""Sliding sync tells of people's profiles.

https://github.com/matrix-org/matrix-spec-proposals/pull/4262
"""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.sync.sliding_client import MEMBERS_LAZILY, SlidingClient, a_list

NAME = "org.matrix.msc4262.profiles"


class SlidingProfilesTest(HomeserverCase):
    """Bob shares a room with Alice, who has a status, and none with Carol."""

    def setUp(self) -> None:
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        self.put(self.alice, "org.example.status", "away")

    def put(self, user: User, field: str, value: Any) -> None:
        """Set a field."""
        user.put(f"/profile/{user.user_id}/{field}", {field: value})

    def client(self, limit: int = 20, name: str = NAME, **options: Any) -> SlidingClient:
        """A connection with a list of all rooms."""
        extensions = {name: {"enabled": True, **options}}
        return SlidingClient(self.bob, lists={"all": a_list(limit, state=[MEMBERS_LAZILY])}, extensions=extensions)

    def users(self, client: SlidingClient, timeout_ms: int = 0, name: str = NAME) -> Json:
        """What the next answer has of profiles."""
        found: Json = client.step(timeout_ms)["extensions"].get(name, {}).get("users", {})
        return found

    def test_clients_are_told_that_it_is_there(self) -> None:
        """By the flag."""
        self.assertIs(self.bob.get("/_matrix/client/versions")["unstable_features"]["org.matrix.msc4262"], True)

    def test_whole_profiles_come_with_people_and_then_what_changes(self) -> None:
        """Of those in the timeline; a field that is set, one that is removed."""
        client = self.client()
        first = self.users(client)
        self.assertEqual(set(first), {self.alice.user_id, self.bob.user_id})
        self.assertEqual(
            first[self.alice.user_id],
            {"updated": {"displayname": self.alice.localpart, "org.example.status": "away"}},
        )
        self.assertEqual(self.users(client), {})
        self.put(self.alice, "org.example.status", "back")
        self.assertEqual(self.users(client, 20_000), {self.alice.user_id: {"updated": {"org.example.status": "back"}}})
        self.alice.delete(f"/profile/{self.alice.user_id}/org.example.status")
        self.assertEqual(self.users(client, 20_000), {self.alice.user_id: {"removed": ["org.example.status"]}})
        self.assertEqual(self.users(client), {})

    def test_changes_of_oneself_come_and_of_strangers_do_not(self) -> None:
        """The user's other devices are to know."""
        client = self.client()
        client.step()
        self.put(self.carol, "org.example.status", "unseen")
        self.put(self.bob, "org.example.status", "seen")
        self.assertEqual(self.users(client, 20_000), {self.bob.user_id: {"updated": {"org.example.status": "seen"}}})

    def test_changes_come_whatever_rooms_are_in_the_window(self) -> None:
        """The client may have the people from before."""
        client = self.client()
        client.step()
        client.body["lists"] = {}
        self.put(self.alice, "org.example.status", "back")
        self.assertEqual(set(self.users(client, 20_000)), {self.alice.user_id})

    def test_only_the_fields_that_are_asked_for_come(self) -> None:
        """And those of everybody when others are asked for."""
        client = self.client(fields=["org.example.status"])
        self.assertEqual(self.users(client), {self.alice.user_id: {"updated": {"org.example.status": "away"}}})
        self.put(self.alice, "org.example.other", 1)
        self.assertEqual(self.users(client), {})
        client.body["extensions"] = {NAME: {"enabled": True, "fields": ["org.example.other"]}}
        self.assertEqual(self.users(client), {self.alice.user_id: {"updated": {"org.example.other": 1}}})

    def test_who_comes_into_a_room_comes_whole_and_who_is_gone_is_null(self) -> None:
        """So that the client forgets them."""
        self.put(self.carol, "org.example.status", "new")
        client = self.client()
        client.step()
        self.carol.join(self.room)
        self.assertEqual(self.users(client, 20_000)[self.carol.user_id]["updated"]["org.example.status"], "new")
        self.carol.change(self.room, "leave")
        self.assertEqual(self.users(client, 20_000), {self.carol.user_id: None})

    def test_it_is_answered_by_the_name_by_which_it_was_asked_for(self) -> None:
        """The unstable one, or that of the proposal."""
        self.assertTrue(self.users(self.client(name="profiles"), name="profiles"))


SlidingProfilesTestOnPostgres = on_postgres(SlidingProfilesTest)
