"""Who may take back an invite to a room that this server is not in."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from homeserver.protocol.events import Event
from tests.federation.hostile_case import HostileCase
from tests.federation.room_peer import RoomPeer
from tests.support.api_client import User


class HostileUninviteTest(HostileCase):
    """Bob is invited to a room of the peer's."""

    bob: User

    def setUp(self) -> None:
        """The invite."""
        self.peer = self.new_peer()
        self.room_id = self.peer.found()
        self.bob = self.server.new_user("bob")
        content = {"membership": "invite"}
        self.invite = self.peer.build("m.room.member", content, state_key=self.bob.user_id)
        self.peer.state["m.room.member", self.bob.user_id] = self.invite
        path = f"/_matrix/federation/v2/invite/{quote(self.room_id)}/{quote(self.invite.event_id, safe='')}"
        body = {"room_version": self.peer.version.version, "event": self.invite.pdu, "invite_room_state": []}
        self.peer.ask("PUT", path, body).ok()

    def leave(self, peer: RoomPeer, membership: str = "leave", **fields: Any) -> Event:
        """The event that ends the invite, of a user of the peer's."""
        fields = {"prev_events": [self.invite.event_id], "depth": self.invite.depth + 1, **fields}
        return peer.build("m.room.member", {"membership": membership}, state_key=self.bob.user_id, **fields)

    def sections(self) -> list[str]:
        """Where Bob has the room."""
        wanted = {"room": {"include_leave": True}}
        rooms = self.bob.sync(filter=wanted).get("rooms", {})
        return [section for section, found in rooms.items() if self.room_id in found]

    def test_who_cites_the_invite_takes_it_back(self) -> None:
        """By a kick or a ban."""
        for membership in ("leave", "ban"):
            with self.subTest(membership):
                self.setUp()
                event = self.leave(self.peer, membership)
                self.assertEqual(self.peer.send([event]).ok(), {"pdus": {event.event_id: {}}})
                self.assertEqual(self.sections(), ["leave"])

    def test_who_does_not_know_the_invite_does_not(self) -> None:
        """Another server that has only the room's id, and an event that does not cite the invite."""
        other = self.new_peer()
        other.room_id, other.version, other.state = self.room_id, self.peer.version, {}
        other.send([self.leave(other, auth_events=[])]).ok()
        self.peer.send([self.leave(self.peer, auth_events=[])]).ok()

        self.assertEqual(self.sections(), ["invite"])

    def test_a_server_speaks_for_its_own_users_alone(self) -> None:
        """An event that another server signed and sends for the inviter is refused."""
        other = self.new_peer()
        event = self.leave(self.peer)
        other.send([event]).ok()
        self.assertEqual(self.sections(), ["invite"])
        forged = self.peer.build(
            "m.room.member",
            {"membership": "leave"},
            other.identity,
            state_key=self.bob.user_id,
            prev_events=[self.invite.event_id],
            depth=self.invite.depth + 1,
        )
        self.peer.send([forged]).ok()
        self.assertEqual(self.sections(), ["invite"])

    def test_an_event_that_nobody_waits_for_changes_nothing(self) -> None:
        """A kick of somebody who refused the invite, and of one who was never asked."""
        self.bob.change(self.room_id, "leave")
        before = self.bob.sync()["next_batch"]
        stranger = self.server.new_user("stranger")
        kick = self.peer.build("m.room.member", {"membership": "ban"}, state_key=stranger.user_id)

        self.peer.send([self.leave(self.peer), kick]).ok()

        self.assertNotIn("rooms", self.bob.sync(before))
        self.assertNotIn("rooms", stranger.sync(filter={"room": {"include_leave": True}}))
