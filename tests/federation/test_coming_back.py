"""A server whose last user left a room comes back into it."""

from __future__ import annotations

from tests.federation.two_servers import history, texts, wait_for_membership, wait_for_section
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase


class ComingBackTest(FederationCase):
    """Alice is here, Bob is there."""

    def test_who_left_a_private_room_comes_back_when_invited(self) -> None:
        """What this server last knew of the room, that she has left, does not keep her out."""
        for version in ("10", "12"):
            with self.subTest(version=version):
                alice, bob = self.here.new_user("alice"), self.there.new_user("bob")
                room = alice.create_room(room_version=version)
                alice.change(room, "invite", bob)
                wait_for_section(bob, "invite", room)
                bob.join(room)
                alice.change(room, "leave")
                wait_for_membership(bob, room, alice, "leave")
                bob.send(room, "while she was away")
                bob.change(room, "invite", alice)
                wait_for_section(alice, "invite", room)

                alice.join(room)

                event_id = bob.send(room, "welcome back")
                alice.wait_for_event(room, event_id)
                self.assertEqual(texts(history(alice, room))[-1], "welcome back")
                self.assertEqual(alice.state(room, "m.room.member", alice.user_id)["membership"], "join")


ComingBackTestOnPostgres = on_postgres(ComingBackTest)
