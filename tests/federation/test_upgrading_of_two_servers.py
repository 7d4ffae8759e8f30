"""Rooms that are replaced on one server while users and names of another are in them.

https://spec.matrix.org/v1.19/client-server-api/#room-upgrades
"""

from __future__ import annotations

from tests.federation.two_servers import wait_for_membership
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase


class UpgradeOfTwoServersTest(FederationCase):
    """A room of Alice's here, with an alias of Bob's there, and listed there."""

    def setUp(self) -> None:
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room, self.here.name)
        wait_for_membership(self.alice, self.room, self.bob, "join")
        levels = self.alice.state(self.room, "m.room.power_levels")
        users = {**levels.get("users", {}), self.bob.user_id: 100}
        event_id = self.alice.set_state(self.room, "m.room.power_levels", {**levels, "users": users})
        self.bob.wait_for_event(self.room, event_id)
        self.alias = f"%23{self.bob.localpart}:{self.there.name}"
        self.bob.put(f"/directory/room/{self.alias}", {"room_id": self.room})
        self.bob.put(f"/directory/list/room/{self.room}", {"visibility": "public"})

    def upgraded(self) -> str:
        """Alice replaces the room; its successor."""
        new: str = self.alice.post(f"/rooms/{self.room}/upgrade", {"new_version": "11"})["replacement_room"]
        return new

    def leads_to(self) -> str:
        """The room that Bob's alias leads to."""
        found: str = self.bob.get(f"/directory/room/{self.alias}")["room_id"]
        return found

    def visibility(self, room_id: str) -> str:
        """Whether a room is in the list of Bob's server."""
        found: str = self.bob.get(f"/directory/list/room/{room_id}")["visibility"]
        return found

    def wait_until_moved(self, user: User, new: str) -> None:
        """Until both rooms' events have come, in whatever order."""
        user.sync_until(lambda answer: self.leads_to() == new)

    def test_names_of_the_other_server_lead_to_the_new_room(self) -> None:
        """As soon as a user of that server is in it; the list has it in the old one's place."""
        new = self.upgraded()
        self.assertEqual(self.leads_to(), self.room)
        self.bob.join(new, self.here.name)
        self.wait_until_moved(self.bob, new)

        self.assertEqual((self.visibility(self.room), self.visibility(new)), ("private", "public"))

    def test_a_room_that_only_says_that_it_replaces_another_gets_none_of_its_names(self) -> None:
        """Nor does one that a room names which is not said to be replaced by it."""
        false = self.alice.create_room(
            preset="public_chat", creation_content={"predecessor": {"room_id": self.room, "event_id": "$x"}}
        )
        self.bob.join(false, self.here.name)
        other = self.alice.create_room(preset="public_chat")
        self.bob.join(other, self.here.name)
        tombstone = self.alice.set_state(self.room, "m.room.tombstone", {"body": "", "replacement_room": other})
        self.bob.wait_for_event(self.room, tombstone)

        self.assertEqual(self.leads_to(), self.room)
        self.assertEqual(self.visibility(self.room), "public")


UpgradeOfTwoServersTestOnPostgres = on_postgres(UpgradeOfTwoServersTest)
