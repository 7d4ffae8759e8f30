"""Users whom nobody is to invite.

https://spec.matrix.org/v1.19/client-server-api/#invite-permission
"""

from __future__ import annotations

from typing import Any

from tests.federation.two_servers import wait_for_section
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase, HomeserverCase
from tests.sync.sliding_client import SlidingClient, a_list

BLOCKED = (403, "M_INVITE_BLOCKED")
FILTERS = "org.matrix.msc4155.invite_permission_config"


def _set(user: User, **content: str) -> None:
    user.put(f"/user/{user.user_id}/account_data/m.invite_permission_config", content)


class InvitePermissionTest(HomeserverCase):
    """Bob takes no invites; Alice has a room."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room()

    def test_invites_are_refused_in_each_way_to_make_them(self) -> None:
        """And nothing comes of them; a new room is there all the same."""
        _set(self.bob, default_action="block")
        path, member = f"/rooms/{self.room}", {"membership": "invite"}
        self.assertEqual(self.alice.refusal("POST", f"{path}/invite", {"user_id": self.bob.user_id}), BLOCKED)
        self.assertEqual(self.alice.refusal("PUT", f"{path}/state/m.room.member/{self.bob.user_id}", member), BLOCKED)
        other = self.alice.create_room(invite=[self.bob.user_id])

        for room in (self.room, other):
            refused = self.alice.refusal("GET", f"/rooms/{room}/state/m.room.member/{self.bob.user_id}")
            self.assertEqual(refused, (404, "M_NOT_FOUND"))

    def test_invites_of_before_are_hidden(self) -> None:
        """In each way to be told of them; the room's state still has them, and without the setting they are back."""
        self.alice.change(self.room, "invite", self.bob)
        since = self.alice.sync()["next_batch"]
        start = self.bob.get("/events", {"timeout": "0"})["end"]
        late = self.alice.create_room(invite=[self.bob.user_id])
        _set(self.bob, default_action="block")

        self.assertNotIn("invite", self.bob.sync().get("rooms", {}))
        self.assertNotIn("invite", self.bob.sync(since).get("rooms", {}))
        self.assertEqual(self.bob.get("/initialSync")["rooms"], [])
        told = self.bob.get("/events", {"timeout": "0", "from": start})["chunk"]
        self.assertNotIn("m.room.member", [event["type"] for event in told])
        member = self.alice.state(self.room, "m.room.member", self.bob.user_id)
        self.assertEqual(member["membership"], "invite")
        _set(self.bob)
        self.assertEqual(self.bob.sync()["rooms"]["invite"].keys(), {self.room, late})

    def test_other_settings_block_nothing(self) -> None:
        """Nor does the setting keep Bob from joining what he wants to join."""
        _set(self.bob, default_action="allow")
        self.alice.change(self.room, "invite", self.bob)
        self.assertIn(self.room, self.bob.sync()["rooms"]["invite"])
        _set(self.bob, default_action="block")
        self.bob.join(self.room)

        self.assertIn(self.room, self.bob.sync()["rooms"]["join"])


class InvitePermissionOfTwoServersTest(FederationCase):
    """Alice is here, Bob is there."""

    def test_invites_of_other_servers_are_refused(self) -> None:
        """With the same code, until they are taken again."""
        alice, bob = self.here.new_user("alice"), self.there.new_user("bob")
        room = alice.create_room()
        _set(bob, default_action="block")
        self.assertEqual(alice.refusal("POST", f"/rooms/{room}/invite", {"user_id": bob.user_id}), BLOCKED)
        self.assertNotIn("invite", bob.sync().get("rooms", {}))
        _set(bob)
        alice.change(room, "invite", bob)

        self.assertTrue(wait_for_section(bob, "invite", room))


class InviteFiltersTest(HomeserverCase):
    """Bob sets finer filters (MSC4155); Alice has a room."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room()

    def filter(self, **content: Any) -> None:
        """Set it."""
        self.bob.put(f"/user/{self.bob.user_id}/account_data/{FILTERS}", content)

    def invites(self) -> set[str]:
        """The rooms that Bob is told he is invited to, on which both ways to ask agree."""
        synced = set(self.bob.sync().get("rooms", {}).get("invite", {}))
        rooms = SlidingClient(self.bob, lists={"all": a_list(20)}).step().get("rooms", {})
        self.assertEqual({room for room, told in rooms.items() if "invite_state" in told}, synced)
        return synced

    def test_clients_are_told_that_it_is_there(self) -> None:
        """By the flag."""
        self.assertIs(self.bob.get("/_matrix/client/versions")["unstable_features"]["org.matrix.msc4155"], True)

    def test_who_is_blocked_is_refused(self) -> None:
        """And nobody else."""
        self.filter(blocked_users=["@alice-*"])
        refused = self.alice.refusal("POST", f"/rooms/{self.room}/invite", {"user_id": self.bob.user_id})
        self.assertEqual(refused, BLOCKED)
        room = self.new_user("carol").create_room(invite=[self.bob.user_id])

        self.assertEqual(self.invites(), {room})

    def test_whose_invites_are_ignored_learns_nothing_of_it(self) -> None:
        """The invite is there, and is told once it is not ignored any more."""
        self.filter(ignored_users=[self.alice.user_id])
        self.alice.change(self.room, "invite", self.bob)

        self.assertEqual(self.invites(), set())
        member = self.alice.state(self.room, "m.room.member", self.bob.user_id)
        self.assertEqual(member["membership"], "invite")
        self.filter()
        self.assertEqual(self.invites(), {self.room})

    def test_invites_of_before_are_hidden(self) -> None:
        """Once they are blocked, in either way."""
        self.alice.change(self.room, "invite", self.bob)
        self.assertEqual(self.invites(), {self.room})
        self.filter(blocked_servers=["*"])
        self.assertEqual(self.invites(), set())
        self.filter()
        _set(self.bob, default_action="block")
        self.assertEqual(self.invites(), set())


InviteFiltersTestOnPostgres = on_postgres(InviteFiltersTest)
InvitePermissionTestOnPostgres = on_postgres(InvitePermissionTest)
