"""Joins of this server's through another one, while the room goes on here.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.resident_peer import ResidentPeer
from tests.support.api_client import User
from tests.support.databases import on_postgres


class JoinSideBySideTest(HostileCase):
    """The peer has a room that Alice and Bob join through it."""

    def setUp(self) -> None:
        """The peer's room."""
        self.peer = self.new_peer()
        self.resident = ResidentPeer(self.peer)
        self.room_id = self.resident.room_id
        self.bob = self.server.new_user("bob")

    def test_two_users_who_join_at_once_are_both_in_the_room(self) -> None:
        """Neither join is in the state that came with the other."""
        for user in (self.alice, self.bob):
            self.resident.offer(user)

        def join_meanwhile(join: Event) -> None:
            if join.sender == self.alice.user_id:
                self.join(self.bob)

        self.resident.before_letting_in = join_meanwhile
        self.join(self.alice)

        members = self.bob.get(f"/rooms/{self.room_id}/joined_members")["joined"]
        self.assertEqual(set(members), {self.alice.user_id, self.bob.user_id, self.peer.user_id})

    def test_what_is_said_while_a_second_user_joins_through_another_server_stays(self) -> None:
        """The second one needs the other server, which lets in whom nobody here may."""
        rooms = [{"type": "m.room_membership", "room_id": self.alice.create_room(preset="public_chat")}]
        self.bob.join(str(rooms[0]["room_id"]))
        levels = {"users": {self.peer.user_id: 100}, "events": {"m.room.topic": 0}, "invite": 50}
        self.resident.set_state("m.room.power_levels", levels)
        self.resident.offer(self.alice)
        self.join(self.alice)
        rules = self.peer.build("m.room.join_rules", {"join_rule": "restricted", "allow": rooms}, state_key="")
        self.resident.last = self.resident.note(rules)
        self.peer.state["m.room.join_rules", ""] = rules
        self.peer.send([rules]).ok()
        self.alice.wait_for_event(self.room_id, rules.event_id)
        self.resident.offer(self.bob, join_authorised_via_users_server=self.peer.user_id)
        topic = {"topic": "set meanwhile"}
        self.resident.before_letting_in = lambda join: self.alice.set_state(self.room_id, "m.room.topic", topic)
        self.join(self.bob)

        self.assertEqual(self.bob.state(self.room_id, "m.room.topic"), topic)
        members = self.bob.get(f"/rooms/{self.room_id}/joined_members")["joined"]
        self.assertEqual(set(members), {self.alice.user_id, self.bob.user_id, self.peer.user_id})

    def join(self, user: User) -> None:
        """Join through the peer."""
        user.join(self.room_id, via=self.peer.name)


JoinSideBySideTestOnPostgres = on_postgres(JoinSideBySideTest)
