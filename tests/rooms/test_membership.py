"""Joining, inviting, leaving, kicking, banning, forgetting.

https://spec.matrix.org/v1.19/client-server-api/#room-membership
"""

from __future__ import annotations

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

FORBIDDEN = (403, "M_FORBIDDEN")


class MembershipTest(HomeserverCase):
    """Alice has a public and a private room; Bob comes and goes."""

    def setUp(self) -> None:
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.public = self.alice.create_room(preset="public_chat")
        self.private = self.alice.create_room(preset="private_chat")

    def membership(self, room_id: str, user_id: str) -> str:
        """As Alice sees it."""
        found: str = self.alice.state(room_id, "m.room.member", user_id)["membership"]
        return found

    def test_a_public_room_is_joined_by_its_id(self) -> None:
        """Through either path, and once again without harm."""
        self.bob.post(f"/rooms/{self.public}/join")
        before = self.alice.get(f"/rooms/{self.public}/state/m.room.member/{self.bob.user_id}", {"format": "event"})
        self.bob.join(self.public)

        after = self.alice.get(f"/rooms/{self.public}/state/m.room.member/{self.bob.user_id}", {"format": "event"})
        self.assertEqual(after["event_id"], before["event_id"])
        self.assertEqual(self.bob.get("/joined_rooms"), {"joined_rooms": [self.public]})

    def test_a_join_says_what_else_the_client_wants_it_to_say(self) -> None:
        """But nothing in the place of what the server says."""
        body = {"reason": "Tea", "org.example.seat": 4, "membership": "ban", "displayname": "Alice", "kind": "guest"}
        self.bob.post(f"/join/{self.public}", {**body, "join_authorised_via_users_server": self.alice.user_id})

        content = self.alice.state(self.public, "m.room.member", self.bob.user_id)
        said = {"membership": "join", "displayname": self.bob.localpart, "reason": "Tea", "org.example.seat": 4}
        self.assertEqual(content, said)

    def test_a_room_is_joined_by_an_alias(self) -> None:
        """The answer says which room it was."""
        alias = f"#{self.alice.localpart}:{self.server.name}"
        self.alice.put(f"/directory/room/{alias}", {"room_id": self.public})

        self.assertEqual(self.bob.join(alias), self.public)

    def test_aliases_and_rooms_that_are_not_there_cannot_be_joined(self) -> None:
        """404 M_NOT_FOUND for what leads nowhere, 400 for what is neither."""
        self.assertEqual(self.bob.refusal("POST", f"/join/#none:{self.server.name}", {}), (404, "M_NOT_FOUND"))
        self.assertEqual(self.bob.refusal("POST", f"/join/!none:{self.server.name}", {}), (404, "M_NOT_FOUND"))
        self.assertEqual(self.bob.refusal("POST", "/join/none", {}), (400, "M_INVALID_PARAM"))

    def test_a_private_room_is_joined_by_invited_users_alone(self) -> None:
        """403 M_FORBIDDEN before the invite."""
        self.assertEqual(self.bob.refusal("POST", f"/join/{self.private}", {}), FORBIDDEN)

        self.alice.change(self.private, "invite", self.bob, reason="Come in")
        self.assertEqual(self.alice.state(self.private, "m.room.member", self.bob.user_id)["reason"], "Come in")
        self.bob.join(self.private)

        self.assertEqual(self.membership(self.private, self.bob.user_id), "join")

    def test_only_members_with_the_power_invite(self) -> None:
        """Not from outside, not without the level, nobody who is in already, and nobody impossible."""
        path = f"/rooms/{self.public}/invite"
        self.assertEqual(self.bob.refusal("POST", path, {"user_id": self.carol.user_id}), FORBIDDEN)
        self.bob.join(self.public)
        self.assertEqual(self.bob.refusal("POST", path, {"user_id": self.carol.user_id}), FORBIDDEN)
        self.assertEqual(self.alice.refusal("POST", path, {"user_id": self.bob.user_id}), FORBIDDEN)
        self.assertEqual(self.alice.refusal("POST", path, {}), (400, "M_MISSING_PARAM"))
        self.assertEqual(self.alice.refusal("POST", path, {"user_id": "bob"}), (400, "M_INVALID_PARAM"))

    def test_an_invite_is_refused_by_leaving(self) -> None:
        """After that the room cannot be joined."""
        self.alice.change(self.private, "invite", self.bob)
        self.bob.change(self.private, "leave")

        self.assertEqual(self.membership(self.private, self.bob.user_id), "leave")
        self.assertEqual(self.bob.refusal("POST", f"/join/{self.private}", {}), FORBIDDEN)

    def test_who_left_may_not_send_any_more(self) -> None:
        """403 M_FORBIDDEN; leaving twice does no harm."""
        self.bob.join(self.public)
        self.bob.change(self.public, "leave", reason="Enough")

        path = f"/rooms/{self.public}/send/m.room.message/after"
        self.assertEqual(self.bob.refusal("PUT", path, {"body": "still here"}), FORBIDDEN)
        self.assertEqual(self.alice.state(self.public, "m.room.member", self.bob.user_id)["reason"], "Enough")
        self.assertEqual(self.bob.get("/joined_rooms"), {"joined_rooms": []})

    def test_leaving_a_room_one_was_never_in_is_refused(self) -> None:
        """403 M_FORBIDDEN for a room there is, 404 M_NOT_FOUND for one there is not."""
        self.assertEqual(self.bob.refusal("POST", f"/rooms/{self.public}/leave", {}), FORBIDDEN)
        unknown = f"/rooms/!none:{self.server.name}/leave"
        self.assertEqual(self.bob.refusal("POST", unknown, {}), (404, "M_NOT_FOUND"))

    def test_a_kick_needs_power_and_ends_the_membership(self) -> None:
        """The kicked user may come back to a public room."""
        self.bob.join(self.public)
        self.carol.join(self.public)
        path = f"/rooms/{self.public}/kick"
        self.assertEqual(self.carol.refusal("POST", path, {"user_id": self.bob.user_id}), FORBIDDEN)

        self.alice.change(self.public, "kick", self.bob, reason="Noise")

        member = self.alice.get(f"/rooms/{self.public}/state/m.room.member/{self.bob.user_id}", {"format": "event"})
        self.assertEqual(member["sender"], self.alice.user_id)
        self.assertEqual(member["content"], {"membership": "leave", "reason": "Noise"})
        self.bob.join(self.public)

    def test_who_is_not_in_the_room_cannot_be_kicked(self) -> None:
        """403 M_FORBIDDEN for a stranger; an invite is taken back by a kick."""
        path = f"/rooms/{self.private}/kick"
        self.assertEqual(self.alice.refusal("POST", path, {"user_id": self.carol.user_id}), FORBIDDEN)
        self.alice.change(self.private, "invite", self.bob)
        self.alice.change(self.private, "kick", self.bob)
        self.assertEqual(self.bob.refusal("POST", f"/join/{self.private}", {}), FORBIDDEN)

    def test_a_ban_keeps_a_user_out_until_it_is_lifted(self) -> None:
        """No join, no invite, until the unban; then an unban has nothing to lift."""
        self.bob.join(self.public)
        self.alice.change(self.public, "ban", self.bob, reason="Spam")
        self.assertEqual(self.bob.refusal("POST", f"/join/{self.public}", {}), FORBIDDEN)
        invite = f"/rooms/{self.public}/invite"
        self.assertEqual(self.alice.refusal("POST", invite, {"user_id": self.bob.user_id}), FORBIDDEN)

        self.alice.change(self.public, "unban", self.bob)

        self.assertEqual(self.membership(self.public, self.bob.user_id), "leave")
        self.bob.join(self.public)
        self.assertEqual(
            self.alice.refusal("POST", f"/rooms/{self.public}/unban", {"user_id": self.bob.user_id}), FORBIDDEN
        )

    def test_strangers_are_banned_before_they_come(self) -> None:
        """And nobody bans without the power to."""
        self.bob.join(self.public)
        path = f"/rooms/{self.public}/ban"
        self.assertEqual(self.bob.refusal("POST", path, {"user_id": self.carol.user_id}), FORBIDDEN)
        self.alice.change(self.public, "ban", self.carol)
        self.assertEqual(self.carol.refusal("POST", f"/join/{self.public}", {}), FORBIDDEN)

    def test_a_room_is_forgotten_after_leaving(self) -> None:
        """400 while joined; then its history is closed, until the user comes back."""
        self.bob.join(self.public)
        forget = f"/rooms/{self.public}/forget"
        self.assertEqual(self.bob.refusal("POST", forget, {}), (400, "M_UNKNOWN"))
        self.bob.change(self.public, "leave")
        self.bob.get(f"/rooms/{self.public}/messages", {"dir": "b"})

        self.bob.change(self.public, "forget")

        self.assertEqual(self.bob.refusal("GET", f"/rooms/{self.public}/messages", query={"dir": "b"}), FORBIDDEN)
        self.bob.join(self.public)
        self.bob.get(f"/rooms/{self.public}/messages", {"dir": "b"})

    def test_members_of_one_room_may_join_another_that_is_restricted_to_them(self) -> None:
        """Others get 403 M_FORBIDDEN."""
        allow = [{"type": "m.room_membership", "room_id": self.public}]
        rules = {"join_rule": "restricted", "allow": allow}
        inner = self.alice.create_room(initial_state=[{"type": "m.room.join_rules", "content": rules}])
        self.bob.join(self.public)

        self.bob.join(inner)

        content = self.alice.state(inner, "m.room.member", self.bob.user_id)
        self.assertEqual(content["join_authorised_via_users_server"], self.alice.user_id)
        self.assertEqual(self.carol.refusal("POST", f"/join/{inner}", {}), FORBIDDEN)
        self.alice.change(inner, "invite", self.carol)
        self.carol.join(inner)

    def test_a_room_may_be_knocked_at_by_those_who_may_not_join(self) -> None:
        """`knock_restricted`: members of the other room join, others knock."""
        allow = [{"type": "m.room_membership", "room_id": self.public}]
        rules = {"join_rule": "knock_restricted", "allow": allow}
        inner = self.alice.create_room(initial_state=[{"type": "m.room.join_rules", "content": rules}])
        self.bob.join(self.public)

        self.bob.join(inner)
        self.assertEqual(self.carol.refusal("POST", f"/join/{inner}", {}), FORBIDDEN)
        self.carol.post(f"/knock/{inner}")

        self.assertEqual(self.membership(inner, self.carol.user_id), "knock")

    def test_bodies_of_the_wrong_shape_are_told(self) -> None:
        """A reason that is no text, a body that is no object."""
        for action in ("invite", "kick", "ban", "unban"):
            path = f"/rooms/{self.public}/{action}"
            body = {"user_id": self.bob.user_id, "reason": 7}
            self.assertEqual(self.alice.refusal("POST", path, body), (400, "M_BAD_JSON"))
            self.assertEqual(self.alice.refusal("POST", path, {"user_id": 7}), (400, "M_BAD_JSON"))
            self.assertEqual(self.alice.refusal("POST", path, [1]), (400, "M_BAD_JSON"))


class KnockingTest(HomeserverCase):
    """Bob knocks at Alice's room."""

    def setUp(self) -> None:
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        knock = {"type": "m.room.join_rules", "content": {"join_rule": "knock"}}
        self.room = self.alice.create_room(name="Salon", initial_state=[knock])

    def knock(self) -> None:
        """Bob knocks."""
        self.assertEqual(self.bob.post(f"/knock/{self.room}", {"reason": "Please"}), {"room_id": self.room})

    def test_a_knock_is_seen_by_members_and_by_the_one_who_knocked(self) -> None:
        """With its reason; the knocker sees the room's name and their own knock in `rooms.knock`."""
        self.knock()

        content = self.alice.state(self.room, "m.room.member", self.bob.user_id)
        self.assertEqual((content["membership"], content["reason"]), ("knock", "Please"))
        stripped = self.bob.sync()["rooms"]["knock"][self.room]["knock_state"]["events"]
        found = {(event["type"], event["state_key"]): event for event in stripped}
        self.assertEqual(found["m.room.name", ""]["content"], {"name": "Salon"})
        self.assertEqual(found["m.room.member", self.bob.user_id]["content"]["membership"], "knock")
        self.assertIn(("m.room.create", ""), found)

    def test_a_knock_is_answered_by_an_invite(self) -> None:
        """And the knocker joins."""
        self.knock()
        self.assertEqual(self.bob.refusal("POST", f"/join/{self.room}", {}), FORBIDDEN)

        self.alice.change(self.room, "invite", self.bob)

        self.bob.join(self.room)

    def test_a_knock_is_taken_back_or_turned_down(self) -> None:
        """By a leave, by a kick; then one may knock again."""
        self.knock()
        self.bob.change(self.room, "leave")
        self.knock()
        self.alice.change(self.room, "kick", self.bob)
        self.knock()

    def test_knocking_is_refused_where_it_leads_nowhere(self) -> None:
        """At a room of another rule, when banned, when in already; 404 for no room."""
        other = self.alice.create_room(preset="private_chat")
        self.assertEqual(self.bob.refusal("POST", f"/knock/{other}", {}), FORBIDDEN)
        self.assertEqual(self.alice.refusal("POST", f"/knock/{self.room}", {}), FORBIDDEN)
        self.alice.change(self.room, "ban", self.carol)
        self.assertEqual(self.carol.refusal("POST", f"/knock/{self.room}", {}), FORBIDDEN)
        self.assertEqual(self.bob.refusal("POST", f"/knock/!none:{self.server.name}", {}), (404, "M_NOT_FOUND"))


MembershipTestOnPostgres = on_postgres(MembershipTest)
KnockingTestOnPostgres = on_postgres(KnockingTest)
