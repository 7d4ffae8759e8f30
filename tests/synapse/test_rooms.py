"""Rooms of a Synapse and a Hearth: whoever made it, both hold the same."""

from __future__ import annotations

from tests.federation.two_servers import history, texts, wait_for_membership, wait_for_section
from tests.support.api_client import User
from tests.synapse.servers import need_synapse
from tests.synapse.synapse_case import SynapseCase, both_ways, room_of_two

need_synapse()


class RoomsTest(SynapseCase):
    """Each rule in each room version, with the room made on either side."""

    @both_ways
    def test_a_join_by_alias_and_messages(self, version: str, ann: User, bob: User) -> None:
        """History from before the join is fetched; what each says reaches the other; the state is one."""
        alias = f"#room-{ann.localpart}:{ann.user_id.partition(':')[2]}"
        room = ann.create_room(
            room_version=version, preset="public_chat", room_alias_name=f"room-{ann.localpart}", name="Square"
        )
        for number in range(25):
            ann.send(room, f"before {number}")

        self.assertEqual(bob.join(alias), room)

        wait_for_membership(ann, room, bob, "join")
        ann.wait_for_event(room, bob.send(room, "hello"))
        bob.wait_for_event(room, ann.send(room, "welcome"))
        expected = [*(f"before {number}" for number in range(25)), "hello", "welcome"]
        self.assertEqual(texts(history(bob, room)), expected)
        self.assertEqual(texts(history(ann, room)), expected)
        self.assertEqual(bob.state(room, "m.room.name"), {"name": "Square"})
        self.assert_same_state(ann, bob, room)

    @both_ways
    def test_invites_accepted_and_declined(self, version: str, ann: User, bob: User) -> None:
        """An invite shows the room's name; who declines is seen to leave, and may be invited again."""
        room = ann.create_room(room_version=version, name="Secret plans")
        ann.change(room, "invite", bob)
        invite = wait_for_section(bob, "invite", room)
        shown = {event["type"]: event["content"] for event in invite["invite_state"]["events"]}
        self.assertEqual(shown["m.room.name"], {"name": "Secret plans"})
        self.assertEqual(shown["m.room.create"]["room_version"], version)

        bob.change(room, "leave")
        wait_for_membership(ann, room, bob, "leave")
        ann.change(room, "invite", bob)
        wait_for_section(bob, "invite", room)
        bob.join(room)

        wait_for_membership(ann, room, bob, "join")
        ann.wait_for_event(room, bob.send(room, "here I am"))
        self.assert_same_state(ann, bob, room)

    @both_ways
    def test_an_invite_taken_back(self, version: str, ann: User, bob: User) -> None:
        """The invited user is told, without having been in the room."""
        room = ann.create_room(room_version=version)
        ann.change(room, "invite", bob)
        wait_for_section(bob, "invite", room)

        ann.change(room, "kick", bob)

        wait_for_section(bob, "leave", room)
        via = ann.user_id.partition(":")[2]
        self.assertEqual(bob.refusal("POST", f"/join/{room}", {}, {"via": via, "server_name": via})[0], 403)

    @both_ways
    def test_bans(self, version: str, ann: User, bob: User) -> None:
        """Who is banned is out on both servers, cannot come back, and can when the ban is lifted."""
        room = ann.create_room(room_version=version, preset="public_chat")
        server = ann.user_id.partition(":")[2]
        bob.join(room, via=server)
        wait_for_membership(ann, room, bob, "join")

        ann.change(room, "ban", bob, reason="spam")

        wait_for_section(bob, "leave", room)
        self.assertEqual(bob.refusal("PUT", f"/rooms/{room}/send/m.room.message/1", {"body": "x"})[0], 403)
        self.assertEqual(bob.refusal("POST", f"/join/{room}", {}, {"via": server, "server_name": server})[0], 403)
        ann.change(room, "unban", bob)
        bob.join(room, via=server)
        ann.wait_for_event(room, bob.send(room, "thank you"))
        self.assert_same_state(ann, bob, room)

    @both_ways
    def test_a_ban_by_who_came_later(self, version: str, ann: User, bob: User) -> None:
        """Power given to a user of the other server is used from there, against a user of this one."""
        room = room_of_two(ann, bob, version, preset="public_chat")
        carl = self.peer_of(ann).new_user("carl")
        carl.join(room)
        wait_for_membership(bob, room, carl, "join")
        levels = ann.state(room, "m.room.power_levels")
        levels["users"] = {**levels.get("users", {}), bob.user_id: 50}
        bob.wait_for_event(room, ann.set_state(room, "m.room.power_levels", levels))

        bob.change(room, "ban", carl)

        wait_for_membership(ann, room, carl, "ban")
        self.assertEqual(carl.refusal("POST", f"/join/{room}")[0], 403)
        self.assert_same_state(ann, bob, room)

    @both_ways
    def test_leaving_and_coming_back(self, version: str, ann: User, bob: User) -> None:
        """The last user of a server leaves and comes again: what was said meanwhile is there."""
        room = ann.create_room(room_version=version, preset="public_chat")
        server = ann.user_id.partition(":")[2]
        bob.join(room, via=server)
        bob.change(room, "leave")
        wait_for_membership(ann, room, bob, "leave")
        ann.send(room, "while he was away")

        bob.join(room, via=server)

        wait_for_membership(ann, room, bob, "join")
        bob.wait_for_event(room, ann.send(room, "welcome back"))
        self.assertEqual(texts(history(bob, room))[-2:], ["while he was away", "welcome back"])
        self.assert_same_state(ann, bob, room)

    @both_ways
    def test_redactions(self, version: str, ann: User, bob: User) -> None:
        """What is taken back on the one side is empty on the other."""
        room = room_of_two(ann, bob, version)
        event_id = ann.send(room, "oops")
        bob.wait_for_event(room, event_id)

        redaction = ann.put(f"/rooms/{room}/redact/{event_id}/r1", {"reason": "typo"})["event_id"]

        seen = bob.wait_for_event(room, redaction)
        self.assertEqual(seen["redacts"], event_id)
        self.assertEqual(bob.get(f"/rooms/{room}/event/{event_id}")["content"], {})

    @both_ways
    def test_knocking(self, version: str, ann: User, bob: User) -> None:
        """A knock is seen and answered by an invite."""
        room = ann.create_room(
            room_version=version,
            initial_state=[{"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}}],
        )
        server = ann.user_id.partition(":")[2]

        bob.post(f"/knock/{room}", {"reason": "please"}, {"via": server, "server_name": server})

        wait_for_membership(ann, room, bob, "knock")
        ann.change(room, "invite", bob)
        wait_for_section(bob, "invite", room)
        bob.join(room)
        wait_for_membership(ann, room, bob, "join")

    @both_ways
    def test_restricted_joins(self, version: str, ann: User, bob: User) -> None:
        """Who is in a room is let into another, vouched for by the other server; who is not, is refused."""
        club = room_of_two(ann, bob, version)
        allow = [{"type": "m.room_membership", "room_id": club}]
        rules = {"join_rule": "restricted", "allow": allow}
        room = ann.create_room(
            room_version=version,
            initial_state=[{"type": "m.room.join_rules", "state_key": "", "content": rules}],
        )
        server = ann.user_id.partition(":")[2]
        stranger = self.peer_of(bob).new_user("stranger")

        self.assertEqual(stranger.refusal("POST", f"/join/{room}", {}, {"via": server, "server_name": server})[0], 403)
        bob.join(room, via=server)

        member = wait_for_membership(ann, room, bob, "join")
        self.assertEqual(member["content"]["join_authorised_via_users_server"], ann.user_id)
        ann.wait_for_event(room, bob.send(room, "inside"))
        self.assert_same_state(ann, bob, room)
