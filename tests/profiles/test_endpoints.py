"""Profiles, as clients and other servers see them."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase, HomeserverCase


class ProfileTest(HomeserverCase):
    """One server."""

    def test_a_new_user_is_called_by_the_localpart(self) -> None:
        """Anybody may ask, without a token."""
        alice = self.new_user("alice")

        self.assertEqual(self.server.get(f"/profile/{alice.user_id}"), {"displayname": alice.localpart})

    def test_a_changed_name_comes_to_those_in_the_room(self) -> None:
        """In the next sync, and the room's member list has it."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        room_id = alice.create_room(preset="public_chat")
        bob.join(room_id)
        since = bob.sync()["next_batch"]

        alice.put(f"/profile/{alice.user_id}/displayname", {"displayname": "Alice M."})
        alice.put(f"/profile/{alice.user_id}/avatar_url", {"avatar_url": "mxc://our.example/a"})

        def find(answer: Json) -> list[Json]:
            events = answer.get("rooms", {}).get("join", {}).get(room_id, {}).get("timeline", {}).get("events", [])
            return [event["content"] for event in events if event["type"] == "m.room.member"]

        told = bob.sync_until(find, since)[-1]
        expected = {"membership": "join", "displayname": "Alice M.", "avatar_url": "mxc://our.example/a"}
        self.assertEqual(told, expected)
        self.assertEqual(bob.state(room_id, "m.room.member", alice.user_id), expected)

    def test_a_new_room_shows_the_profile_of_its_members(self) -> None:
        """Of who made it, was invited, and joins."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        alice.put(f"/profile/{alice.user_id}/displayname", {"displayname": "Alice M."})
        bob.put(f"/profile/{bob.user_id}/displayname", {"displayname": "Bob"})
        room_id = alice.create_room(invite=[bob.user_id])
        invited = alice.state(room_id, "m.room.member", bob.user_id)
        bob.join(room_id)

        names = [alice.state(room_id, "m.room.member", user.user_id)["displayname"] for user in (alice, bob)]
        self.assertEqual((invited["displayname"], names), ("Bob", ["Alice M.", "Bob"]))

    def test_a_removed_field_is_gone(self) -> None:
        """From the profile, and from the rooms; removing it again does no harm."""
        alice = self.new_user("alice")
        room_id = alice.create_room()
        for _ in range(2):
            alice.delete(f"/profile/{alice.user_id}/displayname")

        self.assertEqual(self.server.get(f"/profile/{alice.user_id}"), {})
        self.assertEqual(self.server.refusal("GET", f"/profile/{alice.user_id}/displayname"), (404, "M_NOT_FOUND"))
        self.assertNotIn("displayname", alice.state(room_id, "m.room.member", alice.user_id))

    def test_any_further_field_may_be_kept(self) -> None:
        """Of any JSON type, null too."""
        alice = self.new_user("alice")
        for value in ({"list": [1, "two"]}, None, 7, "text"):
            alice.put(f"/profile/{alice.user_id}/org.example.field", {"org.example.field": value})
            found = self.server.get(f"/profile/{alice.user_id}/org.example.field")
            self.assertEqual(found, {"org.example.field": value})

    def test_what_is_wrong_is_refused(self) -> None:
        """Each with its own code."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        mine = f"/profile/{alice.user_id}"
        big = "x" * (64 * 1024)
        for path, body, expected in (
            (f"/profile/{bob.user_id}/displayname", {"displayname": "Mallory"}, (403, "M_FORBIDDEN")),
            (f"{mine}/displayname", {"avatar_url": "mxc://a/b"}, (400, "M_MISSING_PARAM")),
            (f"{mine}/displayname", {"displayname": 7}, (400, "M_BAD_JSON")),
            (f"{mine}/displayname", [], (400, "M_BAD_JSON")),
            (f"{mine}/{'k' * 256}", {"k" * 256: 1}, (400, "M_KEY_TOO_LARGE")),
            (f"{mine}/Not.A.Key", {"Not.A.Key": 1}, (400, "M_INVALID_PARAM")),
            (f"{mine}/org.example.big", {"org.example.big": big}, (400, "M_PROFILE_TOO_LARGE")),
        ):
            with self.subTest(path=path[:60]):
                self.assertEqual(alice.refusal("PUT", path, body), expected)
        self.assertEqual(alice.refusal("DELETE", f"/profile/{bob.user_id}/displayname"), (403, "M_FORBIDDEN"))
        self.assertEqual(
            self.server.refusal("PUT", f"{mine}/displayname", {"displayname": "x"}), (401, "M_MISSING_TOKEN")
        )

    def test_unknown_users_have_no_profile(self) -> None:
        """Of this server, and what is no user id."""
        self.assertEqual(self.server.refusal("GET", f"/profile/@nobody:{self.server.name}"), (404, "M_NOT_FOUND"))
        self.assertEqual(self.server.refusal("GET", "/profile/nobody"), (400, "M_INVALID_PARAM"))

    def test_an_erased_account_shows_nothing(self) -> None:
        """Its name is gone."""
        alice = self.new_user("alice")
        identifier = {"type": "m.id.user", "user": alice.user_id}
        auth = {"type": "m.login.password", "identifier": identifier, "password": alice.password}
        alice.post("/account/deactivate", {"auth": auth, "erase": True})

        self.assertEqual(self.server.get(f"/profile/{alice.user_id}"), {})


ProfileTestOnPostgres = on_postgres(ProfileTest)


class GuardedProfileTest(HomeserverCase):
    """`require_auth_for_profile_requests`."""

    settings: ClassVar[dict[str, Any]] = {"require_auth_for_profile_requests": True}

    def test_profiles_are_for_those_who_have_an_account(self) -> None:
        """Whole and in part."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        for path in (f"/profile/{alice.user_id}", f"/profile/{alice.user_id}/displayname"):
            self.assertEqual(self.server.refusal("GET", path), (401, "M_MISSING_TOKEN"))
            self.assertEqual(bob.get(path), {"displayname": alice.localpart})


class ProfilesOfCompanyTest(HomeserverCase):
    """`limit_profile_requests_to_users_who_share_rooms`."""

    settings: ClassVar[dict[str, Any]] = {"limit_profile_requests_to_users_who_share_rooms": True}

    def test_profiles_are_for_those_one_is_in_a_room_with(self) -> None:
        """And one's own, alone too; another's is not told from nobody's."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        path = f"/profile/{alice.user_id}"
        self.assertEqual(alice.get(path), {"displayname": alice.localpart})
        for hidden in (path, f"{path}/displayname", f"/profile/@nobody:{self.server.name}"):
            self.assertEqual(bob.refusal("GET", hidden), (403, "M_FORBIDDEN"))

        room = alice.create_room(preset="public_chat")
        bob.join(room)
        self.assertEqual(bob.get(path), {"displayname": alice.localpart})
        bob.change(room, "leave")

        self.assertEqual(bob.refusal("GET", path), (403, "M_FORBIDDEN"))


class FederatedProfileTest(FederationCase):
    """A user `there`, asked for `here`."""

    def set_up_alice(self) -> User:
        """With a name and a time zone."""
        alice = self.there.new_user("alice")
        alice.put(f"/profile/{alice.user_id}/displayname", {"displayname": "Alice afar"})
        alice.put(f"/profile/{alice.user_id}/m.tz", {"m.tz": "Europe/Paris"})
        return alice

    def test_the_profile_of_another_servers_user(self) -> None:
        """All of it, one field, and a field that is not there."""
        alice = self.set_up_alice()
        path = f"/profile/{alice.user_id}"

        self.assertEqual(self.here.get(path), {"displayname": "Alice afar", "m.tz": "Europe/Paris"})
        self.assertEqual(self.here.get(f"{path}/m.tz"), {"m.tz": "Europe/Paris"})
        self.assertEqual(self.here.refusal("GET", f"{path}/avatar_url"), (404, "M_NOT_FOUND"))
        self.assertEqual(self.here.refusal("GET", f"/profile/@nobody:{self.there.name}"), (404, "M_NOT_FOUND"))

    def test_a_changed_name_comes_to_other_servers_rooms(self) -> None:
        """As a member event."""
        alice, bob = self.set_up_alice(), self.here.new_user("bob")
        room_id = bob.create_room(preset="public_chat")
        alice.join(room_id, via=self.here.name)

        alice.put(f"/profile/{alice.user_id}/displayname", {"displayname": "Alice anew"})

        def find(answer: Json) -> bool:
            return bool(bob.state(room_id, "m.room.member", alice.user_id)["displayname"] == "Alice anew")

        self.assertTrue(bob.sync_until(find))
