"""Rooms whose members are on two servers: what users of each notice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.federation.two_servers import history, state_ids, texts, wait_for_membership, wait_for_section
from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase

FORBIDDEN = (403, "M_FORBIDDEN")


class RoomsOfTwoServersTest(FederationCase):
    """Alice is here, Bob is there."""

    def setUp(self) -> None:
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")

    def shared_room(self, **body: object) -> str:
        """A public room of Alice's that Bob has joined."""
        room = self.alice.create_room(preset="public_chat", **body)
        self.bob.join(room, self.here.name)
        return room

    def test_a_room_is_joined_by_an_alias_of_the_other_server(self) -> None:
        """Then both servers have the same state, and messages go both ways."""
        alias = f"#{self.alice.localpart}:{self.here.name}"
        room = self.alice.create_room(preset="public_chat", room_alias_name=self.alice.localpart, name="Common")

        self.assertEqual(self.bob.join(alias), room)

        self.assertEqual(self.bob.state(room, "m.room.name"), {"name": "Common"})
        wait_for_membership(self.alice, room, self.bob, "join")
        self.assertEqual(state_ids(self.alice, room), state_ids(self.bob, room))
        self.bob.wait_for_event(room, self.alice.send(room, "from here"))
        self.alice.wait_for_event(room, self.bob.send(room, "from there"))
        self.assertEqual(texts(history(self.alice, room)), ["from here", "from there"])
        self.assertEqual(texts(history(self.bob, room)), ["from here", "from there"])

    def test_rooms_of_each_version_are_joined(self) -> None:
        """From the oldest that is still in use to the newest."""
        versions = self.alice.get("/capabilities")["capabilities"]["m.room_versions"]["available"]
        for version in sorted(versions, key=int):
            with self.subTest(version):
                room = self.shared_room(room_version=version)
                self.alice.wait_for_event(room, self.bob.send(room, "hello"))
                self.bob.wait_for_event(room, self.alice.set_state(room, "m.room.topic", {"topic": "new"}))
                self.assertEqual(self.bob.state(room, "m.room.topic"), {"topic": "new"})

    def test_history_of_before_the_join_is_fetched(self) -> None:
        """Every event, in the order that it has on the other server."""
        room = self.alice.create_room(preset="public_chat")
        for number in range(25):
            self.alice.send(room, str(number))
        self.bob.join(room, self.here.name)

        found = history(self.bob, room)

        expected = history(self.alice, room)
        self.assertEqual([event["event_id"] for event in found], [event["event_id"] for event in expected])
        self.assertEqual(texts(found), [str(number) for number in range(25)])

    def test_history_that_may_not_be_seen_is_not_fetched(self) -> None:
        """Where it is for the joined alone."""
        joined = {"type": "m.room.history_visibility", "content": {"history_visibility": "joined"}}
        room = self.alice.create_room(preset="public_chat", initial_state=[joined])
        self.alice.send(room, "secret")
        self.bob.join(room, self.here.name)
        self.bob.wait_for_event(room, self.alice.send(room, "open"))
        self.assertEqual(texts(history(self.bob, room)), ["open"])

    def test_an_invite_comes_with_what_tells_the_room_and_is_accepted(self) -> None:
        """By its id alone: the invite says where to join."""
        room = self.alice.create_room(name="Private", invite=[self.bob.user_id])

        invite = wait_for_section(self.bob, "invite", room)["invite_state"]["events"]

        found = {(event["type"], event["state_key"]): event for event in invite}
        self.assertEqual(found["m.room.name", ""]["content"], {"name": "Private"})
        self.assertIn(("m.room.create", ""), found)
        self.assertEqual(found["m.room.member", self.bob.user_id]["sender"], self.alice.user_id)
        self.bob.join(room)
        self.alice.wait_for_event(room, self.bob.send(room, "thanks"))

    def test_an_invite_is_refused(self) -> None:
        """The inviter sees it."""
        room = self.alice.create_room(invite=[self.bob.user_id])
        wait_for_section(self.bob, "invite", room)

        self.bob.change(room, "leave")

        member = wait_for_membership(self.alice, room, self.bob, "leave")
        self.assertEqual(member["sender"], self.bob.user_id)
        self.assertNotIn("invite", self.bob.sync().get("rooms", {}))
        self.assertEqual(self.bob.refusal("POST", f"/join/{room}", {}, {"via": self.here.name}), FORBIDDEN)

    def test_an_invite_is_taken_back(self) -> None:
        """The invited user's server is told though it is not in the room."""
        room = self.alice.create_room(invite=[self.bob.user_id])
        wait_for_section(self.bob, "invite", room)

        self.alice.change(room, "kick", self.bob)

        wait_for_section(self.bob, "leave", room)
        self.assertNotIn("invite", self.bob.sync().get("rooms", {}))

    def test_leaving_is_seen_and_ends_delivery(self) -> None:
        """The room is left on both servers; what follows stays where it is; coming back works."""
        room = self.shared_room()
        self.bob.change(room, "leave")
        wait_for_membership(self.alice, room, self.bob, "leave")
        self.alice.send(room, "unheard")

        self.assertNotIn("unheard", texts(history(self.bob, room)))

        self.bob.join(room, self.here.name)
        self.alice.wait_for_event(room, self.bob.send(room, "back"))
        self.bob.wait_for_event(room, self.alice.send(room, "welcome"))
        self.assertEqual(texts(history(self.bob, room)), ["unheard", "back", "welcome"])

    def test_a_kick_and_a_ban_reach_the_other_server(self) -> None:
        """After the kick Bob may come back, after the ban he may not."""
        room = self.shared_room()
        self.alice.change(room, "kick", self.bob, reason="Noise")
        left = wait_for_section(self.bob, "leave", room)["timeline"]["events"][-1]
        self.assertEqual((left["sender"], left["content"]["reason"]), (self.alice.user_id, "Noise"))

        self.bob.join(room, self.here.name)
        self.alice.change(room, "ban", self.bob)
        wait_for_section(self.bob, "leave", room)
        self.assertEqual(self.bob.refusal("POST", f"/join/{room}", {}, {"via": self.here.name}), FORBIDDEN)

    def test_a_knock_is_answered(self) -> None:
        """From there: knock, invite, join."""
        knock = {"type": "m.room.join_rules", "content": {"join_rule": "knock"}}
        room = self.alice.create_room(name="Salon", initial_state=[knock])

        self.bob.post(f"/knock/{room}", {"reason": "Please"}, {"via": self.here.name})

        knocked = wait_for_section(self.bob, "knock", room)["knock_state"]["events"]
        self.assertIn({"name": "Salon"}, [event["content"] for event in knocked])
        member = wait_for_membership(self.alice, room, self.bob, "knock")
        self.assertEqual(member["content"]["reason"], "Please")
        self.alice.change(room, "invite", self.bob)
        wait_for_section(self.bob, "invite", room)
        self.bob.join(room)

    def test_a_knock_is_taken_back(self) -> None:
        """The other server sees it."""
        knock = {"type": "m.room.join_rules", "content": {"join_rule": "knock"}}
        room = self.alice.create_room(initial_state=[knock])
        self.bob.post(f"/knock/{room}", {}, {"via": self.here.name})
        wait_for_membership(self.alice, room, self.bob, "knock")

        self.bob.change(room, "leave")

        wait_for_membership(self.alice, room, self.bob, "leave")

    def test_a_restricted_room_is_joined_by_members_of_the_other(self) -> None:
        """The resident server vouches for them; others are refused."""
        outer = self.shared_room()
        rules = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": outer}]}
        inner = self.alice.create_room(initial_state=[{"type": "m.room.join_rules", "content": rules}])
        wait_for_membership(self.alice, outer, self.bob, "join")

        self.bob.join(inner, self.here.name)

        content = wait_for_membership(self.alice, inner, self.bob, "join")["content"]
        self.assertEqual(content["join_authorised_via_users_server"], self.alice.user_id)
        carol = self.there.new_user("carol")
        self.assertEqual(carol.refusal("POST", f"/join/{inner}", {}, {"via": self.here.name}), FORBIDDEN)

    def test_a_restricted_room_is_joined_through_ones_own_server_though_nobody_there_made_it(self) -> None:
        """In version 12, where creators are above all levels: whoever may invite vouches."""
        outer = self.shared_room()
        rules = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": outer}]}
        state = [{"type": "m.room.join_rules", "content": rules}]
        levels = {"invite": 50, "users": {self.bob.user_id: 50}}
        inner = self.alice.create_room(
            room_version="12", initial_state=state, power_level_content_override=levels, preset="private_chat"
        )
        wait_for_membership(self.alice, outer, self.bob, "join")
        self.bob.join(inner, self.here.name)
        dora = self.there.new_user("dora")
        dora.join(outer)

        dora.join(inner)

        content = self.bob.state(inner, "m.room.member", dora.user_id)
        self.assertEqual(content["join_authorised_via_users_server"], self.bob.user_id)
        wait_for_membership(self.alice, inner, dora, "join")

    def test_rooms_that_are_closed_to_others_cannot_be_joined(self) -> None:
        """Private ones, those that do not federate, and those that nobody there knows."""
        private = self.alice.create_room(preset="private_chat")
        local = self.alice.create_room(preset="public_chat", creation_content={"m.federate": False})
        for room in (private, local):
            answer = self.bob.refusal("POST", f"/join/{room}", {}, {"via": self.here.name})
            self.assertEqual(answer, FORBIDDEN)
        unknown = self.bob.refusal("POST", f"/join/!none:{self.here.name}", {}, {"via": self.here.name})
        self.assertEqual(unknown[0], 404)

    def test_a_redaction_reaches_the_other_server(self) -> None:
        """The content is gone on both."""
        room = self.shared_room()
        event_id = self.bob.send(room, "oops")
        self.alice.wait_for_event(room, event_id)

        redaction = self.alice.put(f"/rooms/{room}/redact/{event_id}/r", {})["event_id"]

        self.bob.wait_for_event(room, redaction)
        for user in (self.alice, self.bob):
            self.assertEqual(user.get(f"/rooms/{room}/event/{event_id}")["content"], {})

    def test_both_sides_at_once_come_to_one_state(self) -> None:
        """Topics that are set on both servers at the same time: the same one wins on both, and nothing is lost."""
        levels = {"events": {"m.room.topic": 0}}
        room = self.shared_room(power_level_content_override=levels)
        wait_for_membership(self.alice, room, self.bob, "join")
        last = ""
        for number in range(5):
            of_alice = self.alice.set_state(room, "m.room.topic", {"topic": f"here {number}"})
            of_bob = self.bob.set_state(room, "m.room.topic", {"topic": f"there {number}"})
            self.bob.wait_for_event(room, of_alice)
            self.alice.wait_for_event(room, of_bob)
        last = self.alice.send(room, "end")
        self.bob.wait_for_event(room, last)

        self.assertEqual(self.alice.state(room, "m.room.topic"), self.bob.state(room, "m.room.topic"))
        self.assertEqual(state_ids(self.alice, room), state_ids(self.bob, room))
        ids = [{event["event_id"] for event in history(user, room)} for user in (self.alice, self.bob)]
        self.assertEqual(ids[0], ids[1])

    def test_nothing_is_lost_when_both_sides_write_at_once(self) -> None:
        """Each user's `/sync` has every message once, and in the order in which each side sent its own."""
        room = self.shared_room()
        wait_for_membership(self.alice, room, self.bob, "join")
        wait_for_section(self.bob, "join", room)
        users = (self.alice, self.bob)
        tokens = [user.sync()["next_batch"] for user in users]

        def send(user: User) -> list[str]:
            return [user.send(room, str(number)) for number in range(20)]

        with ThreadPoolExecutor(2) as threads:
            of_alice, of_bob = threads.map(send, users)

        for user, since in zip(users, tokens, strict=True):
            seen = self.follow(user, room, since, number=40)
            self.assertEqual(sorted(seen), sorted([*of_alice, *of_bob]))
            for sent in (of_alice, of_bob):
                self.assertEqual([event_id for event_id in seen if event_id in sent], sent)

    def follow(self, user: User, room_id: str, since: str, number: int) -> list[str]:
        """The messages that a user's client is told of one after the other, until there are so many."""
        seen: list[str] = []

        def note(answer: Json) -> bool:
            room = answer.get("rooms", {}).get("join", {}).get(room_id)
            if room is not None:
                self.assertFalse(room["timeline"]["limited"])
                seen.extend(event["event_id"] for event in room["timeline"]["events"])
            return len(seen) >= number

        user.sync_until(note, since, filter={"room": {"timeline": {"limit": 100}}})
        return seen


RoomsOfTwoServersTestOnPostgres = on_postgres(RoomsOfTwoServersTest)
