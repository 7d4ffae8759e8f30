"""Templates of servers that would have something else signed, and servers that do not let a user in.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.federation.hostile_case import HostileCase
from tests.federation.resident_peer import ResidentPeer
from tests.federation.room_peer import FEDERATION, Json, RoomPeer


class HostileTemplatesTest(HostileCase):
    """The peer has a room, and is asked for templates."""

    def setUp(self) -> None:
        """The room."""
        self.peer = self.new_peer()
        self.resident = ResidentPeer(self.peer)
        self.room_id = self.resident.room_id

    def make_path(self, membership: str) -> str:
        """Where Alice's server asks for a template."""
        room, user = quote(self.room_id, safe=""), quote(self.alice.user_id, safe="")
        return f"{FEDERATION}/make_{membership}/{room}/{user}"

    def template(self, membership: str) -> Json:
        """A good one."""
        user_id = self.alice.user_id
        event = self.peer.build(
            "m.room.member",
            {"membership": membership},
            sender=user_id,
            state_key=user_id,
            **self.resident.after_last(),
        )
        return {key: value for key, value in event.pdu.items() if key not in ("hashes", "signatures")}

    def test_a_template_of_something_else_is_not_signed(self) -> None:
        """For each field that decides what the event says."""
        wrong: list[tuple[str, Any]] = [
            ("type", "m.room.power_levels"),
            ("room_id", "!other:example.org"),
            ("sender", "@else:example.org"),
            ("state_key", self.peer.user_id),
            ("content", {"membership": "ban"}),
            ("content", "join"),
            ("depth", -1),
            ("depth", "deep"),
        ]
        for membership in ("join", "knock"):
            for field, value in wrong:
                with self.subTest(membership, field=field, value=value):
                    answer = {"event": {**self.template(membership), field: value}, "room_version": "11"}
                    self.peer.on("GET", self.make_path(membership), answer)
                    before = len(self.sent())
                    status, _ = self.alice.refusal(
                        "POST", f"/{membership}/{self.room_id}", {}, {"via": self.peer.name}
                    )[:2]

                    self.assertEqual(status, 502)
                    self.assertEqual(len(self.sent()), before)

    def test_a_template_for_a_version_that_was_not_asked_for_is_not_signed(self) -> None:
        """What the fields mean depends on it."""
        self.peer.on("GET", self.make_path("join"), {"event": self.template("join"), "room_version": "org.example.99"})

        self.assertEqual(self.alice.refusal("POST", f"/join/{self.room_id}", {}, {"via": self.peer.name})[0], 502)
        self.assertEqual(self.sent(), [])

    def test_fields_beside_those_of_a_membership_are_left_out(self) -> None:
        """What the server adds to a template it does not get signed."""
        template = {**self.template("join"), "redacts": "$other", "unsigned": {"a": 1}, "extra": "x"}
        template["content"] = {"membership": "join", "displayname": "Not Alice", "extra": "x"}
        self.resident.offer(self.alice)
        self.peer.on("GET", self.make_path("join"), {"event": template, "room_version": "11"})
        signed: list[Json] = []
        self.resident.before_letting_in = lambda join: signed.append(join.pdu)
        self.alice.join(self.room_id, via=self.peer.name)

        self.assertFalse({"redacts", "extra"} & signed[0].keys())
        self.assertNotIn("extra", signed[0]["content"])
        self.assertNotEqual(signed[0]["content"].get("displayname"), "Not Alice")

    def test_where_a_server_cannot_let_a_user_in_the_next_one_is_asked(self) -> None:
        """`M_UNABLE_TO_AUTHORISE_JOIN`, `M_UNABLE_TO_GRANT_JOIN`: others may."""
        for errcode in ("M_UNABLE_TO_AUTHORISE_JOIN", "M_UNABLE_TO_GRANT_JOIN"):
            with self.subTest(errcode):
                user = self.server.new_user()
                unable = self.refusing(user.user_id, errcode)
                self.resident.offer(user)
                query = {"via": [unable.name, self.peer.name]}
                self.assertEqual(user.request("POST", f"/join/{self.room_id}", {}, query).status, 200)
                self.assertIn(user.user_id, user.get(f"/rooms/{self.room_id}/joined_members")["joined"])

    def test_a_user_who_waits_is_not_made_to_wait_for_a_server_that_was_away(self) -> None:
        """However often it could not be reached before."""
        self.resident.offer(self.alice)
        path = self.make_path("join")
        offered = self.peer.answers["GET", path]
        self.peer.on("GET", path, {}, 503)
        for _ in range(4):
            self.alice.refusal("POST", f"/join/{self.room_id}", {}, {"via": self.peer.name})
        self.peer.answers["GET", path] = offered

        self.alice.join(self.room_id, via=self.peer.name)

    def refusing(self, user_id: str, errcode: str) -> RoomPeer:
        """Another server, which answers so."""
        peer = self.new_peer()
        path = f"{FEDERATION}/make_join/{quote(self.room_id, safe='')}/{quote(user_id, safe='')}"
        peer.on("GET", path, {"errcode": errcode, "error": "I cannot"}, 400)
        return peer

    def sent(self) -> list[str]:
        """What was signed and sent for a membership."""
        return [one.path for one in self.peer.received() if "/send_" in one.path]
