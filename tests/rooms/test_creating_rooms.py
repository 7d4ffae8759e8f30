"""What a new room begins with.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom
"""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

_FIRST = ["m.room.create", "m.room.member", "m.room.power_levels"]
_PRESET = ["m.room.join_rules", "m.room.history_visibility", "m.room.guest_access"]


def events_of(user: User, room_id: str) -> list[Json]:
    """Every event of a room, oldest first."""
    chunk: list[Json] = user.get(f"/rooms/{room_id}/messages", {"dir": "f", "limit": 100})["chunk"]
    return chunk


class CreatingRoomsTest(HomeserverCase):
    """Alice creates rooms."""

    def setUp(self) -> None:
        self.alice = self.new_user("alice")

    def refused(self, **body: Any) -> tuple[int, str]:
        """Status and errcode of a room that is not created."""
        return self.alice.refusal("POST", "/createRoom", body)

    def test_presets_set_who_joins_who_reads_and_whether_guests_may(self) -> None:
        """Each preset, and `visibility` where there is none."""
        cases: list[tuple[Json, tuple[str, str]]] = [
            ({"preset": "private_chat"}, ("invite", "can_join")),
            ({"preset": "trusted_private_chat"}, ("invite", "can_join")),
            ({"preset": "public_chat"}, ("public", "forbidden")),
            ({"visibility": "public"}, ("public", "forbidden")),
            ({"visibility": "private"}, ("invite", "can_join")),
            ({}, ("invite", "can_join")),
        ]
        for body, (join_rule, guests) in cases:
            with self.subTest(body):
                room = self.alice.create_room(**body)
                self.assertEqual(self.alice.state(room, "m.room.join_rules")["join_rule"], join_rule)
                self.assertEqual(self.alice.state(room, "m.room.guest_access")["guest_access"], guests)
                setting = self.alice.state(room, "m.room.history_visibility")
                self.assertEqual(setting["history_visibility"], "shared")

    def test_the_first_events_come_in_the_order_of_the_specification(self) -> None:
        """Create, the creator, power levels, alias, the preset's, initial state, name, topic, invites."""
        bob = self.new_user("bob")
        room = self.alice.create_room(
            room_alias_name=f"order-{self.alice.localpart}",
            initial_state=[{"type": "org.example.colour", "content": {"colour": "red"}}],
            name="A room",
            topic="A topic",
            invite=[bob.user_id],
        )

        events = events_of(self.alice, room)

        types = [event["type"] for event in events]
        self.assertEqual(
            types,
            [
                *_FIRST,
                "m.room.canonical_alias",
                *_PRESET,
                "org.example.colour",
                "m.room.name",
                "m.room.topic",
                "m.room.member",
            ],
        )
        self.assertEqual((events[-1]["state_key"], events[-1]["content"]["membership"]), (bob.user_id, "invite"))

    def test_the_creator_has_all_power(self) -> None:
        """By the power levels up to version 11, by having created the room from version 12 on."""
        room = self.alice.create_room(room_version="11")
        self.assertEqual(self.alice.state(room, "m.room.power_levels")["users"], {self.alice.user_id: 100})

        room = self.alice.create_room(room_version="12")
        levels = self.alice.state(room, "m.room.power_levels")
        self.assertNotIn(self.alice.user_id, levels["users"])
        self.assertGreater(levels["events"]["m.room.tombstone"], 100)
        self.alice.set_state(room, "m.room.power_levels", {**levels, "ban": 101})

    def test_in_a_trusted_chat_the_invited_have_the_creators_power(self) -> None:
        """A level up to version 11; as additional creators in version 12."""
        bob = self.new_user("bob")
        invited = {"preset": "trusted_private_chat", "invite": [bob.user_id]}

        old = self.alice.create_room(room_version="11", **invited)
        new = self.alice.create_room(room_version="12", **invited)

        self.assertEqual(self.alice.state(old, "m.room.power_levels")["users"][bob.user_id], 100)
        self.assertEqual(self.alice.state(new, "m.room.create")["additional_creators"], [bob.user_id])
        self.assertNotIn(bob.user_id, self.alice.state(new, "m.room.power_levels")["users"])
        for room in (old, new):
            bob.join(room)
            bob.set_state(room, "m.room.server_acl", {"allow": ["*"]})

    def test_the_room_has_the_version_asked_for(self) -> None:
        """Every version that the capabilities name; version 12 is the default and has ids without a server."""
        versions = self.alice.get("/capabilities")["capabilities"]["m.room_versions"]
        self.assertEqual(versions["default"], "12")
        for version in sorted(versions["available"], key=int):
            with self.subTest(version):
                room = self.alice.create_room(room_version=version)
                self.assertEqual(self.alice.state(room, "m.room.create")["room_version"], version)
                self.assertEqual(room.endswith(f":{self.server.name}"), int(version) < 12)
                self.alice.send(room, "It works")

    def test_an_unknown_version_is_refused(self) -> None:
        """400 M_UNSUPPORTED_ROOM_VERSION; a number is no version."""
        self.assertEqual(self.refused(room_version="made-up"), (400, "M_UNSUPPORTED_ROOM_VERSION"))
        self.assertEqual(self.refused(room_version=11), (400, "M_BAD_JSON"))

    def test_creation_content_goes_into_the_create_event(self) -> None:
        """But not over what the server decides."""
        content = {"m.federate": False, "type": "m.space", "room_version": "1", "creator": "@eve:elsewhere.example"}
        room = self.alice.create_room(creation_content=content)

        created = self.alice.state(room, "m.room.create")

        self.assertEqual(created, {"m.federate": False, "type": "m.space", "room_version": "12"})

    def test_initial_state_wins_over_the_preset(self) -> None:
        """And the name and topic of the request over the initial state."""
        room = self.alice.create_room(
            preset="public_chat",
            name="The name",
            initial_state=[
                {"type": "m.room.join_rules", "content": {"join_rule": "knock"}},
                {"type": "m.room.name", "content": {"name": "Another name"}},
                {"type": "org.example.seat", "state_key": "window", "content": {"row": 4}},
            ],
        )

        self.assertEqual(self.alice.state(room, "m.room.join_rules"), {"join_rule": "knock"})
        self.assertEqual(self.alice.state(room, "m.room.name"), {"name": "The name"})
        self.assertEqual(self.alice.state(room, "org.example.seat", "window"), {"row": 4})

    def test_power_levels_are_overridden_key_by_key(self) -> None:
        """What is not named keeps its default."""
        room = self.alice.create_room(power_level_content_override={"events_default": 10, "invite": 75})

        levels = self.alice.state(room, "m.room.power_levels")

        self.assertEqual((levels["events_default"], levels["invite"]), (10, 75))
        self.assertEqual((levels["ban"], levels["state_default"]), (50, 50))

    def test_creators_cannot_have_a_power_level_in_version_12(self) -> None:
        """400, and no room."""
        override = {"users": {self.alice.user_id: 100}}
        self.assertEqual(self.refused(power_level_content_override=override)[0], 400)
        self.assertEqual(self.alice.get("/joined_rooms"), {"joined_rooms": []})

    def test_an_override_that_locks_the_creator_out_makes_no_room(self) -> None:
        """400 M_INVALID_ROOM_STATE, where the later events could not be sent."""
        answer = self.refused(
            room_version="11", name="Never", power_level_content_override={"users": {self.alice.user_id: 0}}
        )

        self.assertEqual(answer, (400, "M_INVALID_ROOM_STATE"))
        self.assertEqual(self.alice.get("/joined_rooms"), {"joined_rooms": []})

    def test_the_topic_is_there_as_text_and_in_the_extensible_form(self) -> None:
        """`topic` and `m.topic`."""
        room = self.alice.create_room(topic="Trees")

        self.assertEqual(
            self.alice.state(room, "m.room.topic"), {"topic": "Trees", "m.topic": {"m.text": [{"body": "Trees"}]}}
        )

    def test_an_alias_leads_to_the_room_and_is_given_once(self) -> None:
        """A second room of the alias is 400 M_ROOM_IN_USE, and is not created."""
        name = f"alias-{self.alice.localpart}"
        alias = f"#{name}:{self.server.name}"
        room = self.alice.create_room(room_alias_name=name)

        self.assertEqual(self.alice.get(f"/directory/room/{alias}")["room_id"], room)
        self.assertEqual(self.alice.state(room, "m.room.canonical_alias"), {"alias": alias})
        self.assertEqual(self.refused(room_alias_name=name), (400, "M_ROOM_IN_USE"))
        self.assertEqual(self.alice.get("/joined_rooms"), {"joined_rooms": [room]})

    def test_the_creators_profile_is_in_the_member_event(self) -> None:
        """Display name and avatar."""
        self.alice.put(f"/profile/{self.alice.user_id}/displayname", {"displayname": "Alice"})

        room = self.alice.create_room()

        member = self.alice.state(room, "m.room.member", self.alice.user_id)
        self.assertEqual(member, {"membership": "join", "displayname": "Alice"})

    def test_a_room_is_there_whoever_cannot_be_invited(self) -> None:
        """Its id is answered; those who can be invited are."""
        bob = self.new_user("bob")

        room = self.alice.create_room(invite=["@nobody:localhost:1", bob.user_id])

        self.assertIn(room, self.alice.get("/joined_rooms")["joined_rooms"])
        self.assertEqual(self.alice.state(room, "m.room.member", bob.user_id)["membership"], "invite")
        path = f"/rooms/{room}/state/m.room.member/@nobody:localhost:1"
        self.assertEqual(self.alice.refusal("GET", path), (404, "M_NOT_FOUND"))

    def test_a_direct_chat_says_so_in_the_invite(self) -> None:
        """`is_direct`, and the invited user's name as other invites have it."""
        bob = self.new_user("bob")
        bob.put(f"/profile/{bob.user_id}/displayname", {"displayname": "Bob"})

        room = self.alice.create_room(is_direct=True, invite=[bob.user_id])

        invite = self.alice.state(room, "m.room.member", bob.user_id)
        self.assertEqual(invite, {"membership": "invite", "is_direct": True, "displayname": "Bob"})

    def test_what_cannot_be_is_told(self) -> None:
        """Each with 400 and a code."""
        cases: list[tuple[Json, str]] = [
            ({"preset": "open_house"}, "M_INVALID_PARAM"),
            ({"visibility": "secret"}, "M_INVALID_PARAM"),
            ({"name": 7}, "M_BAD_JSON"),
            ({"invite": "@bob:example.org"}, "M_BAD_JSON"),
            ({"invite": ["bob"]}, "M_INVALID_PARAM"),
            ({"initial_state": {}}, "M_BAD_JSON"),
            ({"initial_state": [{"type": "m.room.name"}]}, "M_BAD_JSON"),
            ({"creation_content": []}, "M_BAD_JSON"),
            ({"power_level_content_override": 100}, "M_BAD_JSON"),
            ({"room_alias_name": "#with:colon"}, "M_INVALID_PARAM"),
        ]
        for body, errcode in cases:
            with self.subTest(body):
                self.assertEqual(self.refused(**body), (400, errcode))
        self.assertEqual(self.alice.get("/joined_rooms"), {"joined_rooms": []})


class InvitingLittleTest(HomeserverCase):
    """Where an operator lets nobody but administrators invite."""

    settings: ClassVar[dict[str, Any]] = {"block_non_admin_invites": True}

    def test_who_may_not_invite_makes_no_room_with_invites(self) -> None:
        """There is no room that nobody comes to."""
        alice, bob = self.new_user("alice"), self.new_user("bob")

        self.assertEqual(alice.refusal("POST", "/createRoom", {"invite": [bob.user_id]}), (403, "M_FORBIDDEN"))

        self.assertEqual(alice.get("/joined_rooms"), {"joined_rooms": []})
        alice.create_room()


CreatingRoomsTestOnPostgres = on_postgres(CreatingRoomsTest)
