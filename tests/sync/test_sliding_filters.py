"""Sliding sync: the filters of lists, and the shape of `/v4/sync`.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#slidingroomfilter
"""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.sync.sliding_client import SlidingClient, a_list, bodies, ids, keys

ENCRYPTION: Json = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
SPACE = {"creation_content": {"type": "m.space"}}


class SlidingFiltersTest(HomeserverCase):
    """Bob has a room of every kind."""

    bob: User
    names: ClassVar[dict[str, str]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        alice, cls.bob = cls.server.new_user("alice"), cls.server.new_user("bob")
        bob = cls.bob
        cls.names = {
            "plain": bob.create_room(),
            "secret": bob.create_room(initial_state=[ENCRYPTION]),
            "space": bob.create_room(**SPACE),
            "odd": bob.create_room(creation_content={"type": "org.example.odd"}),
            "invite": alice.create_room(invite=[bob.user_id]),
            "secret invite": alice.create_room(invite=[bob.user_id], initial_state=[ENCRYPTION]),
            "space invite": alice.create_room(invite=[bob.user_id], **SPACE),
            "kicked": alice.create_room(invite=[bob.user_id]),
        }
        bob.join(cls.names["kicked"])
        alice.change(cls.names["kicked"], "kick", bob)
        alice.set_state(cls.names["kicked"], "m.room.encryption", ENCRYPTION["content"])
        own = f"/user/{bob.user_id}"
        bob.put(f"{own}/account_data/m.direct", {alice.user_id: [cls.names["plain"], cls.names["invite"]]})
        bob.put(f"{own}/rooms/{cls.names['plain']}/tags/m.favourite", {})
        bob.put(f"{own}/rooms/{cls.names['secret']}/tags/m.favourite", {})
        bob.put(f"{own}/rooms/{cls.names['secret']}/tags/m.lowpriority", {})
        for name in ("plain", "odd", "kicked"):
            bob.set_state(cls.names["space"], "m.space.child", {"via": ["a.example"]}, cls.names[name])
        bob.set_state(cls.names["space"], "m.space.child", {}, cls.names["odd"])

    def listed(self, **filters: Any) -> set[str]:
        """The names of the rooms that a filter lets through."""
        by_id = {room_id: name for name, room_id in self.names.items()}
        answer = SlidingClient(self.bob, lists={"a": a_list(**filters)}).step()
        found = {by_id[room_id] for room_id in answer.get("rooms", {})}
        self.assertEqual(answer["lists"]["a"]["count"], len(found))
        return found

    def test_filters(self) -> None:
        """Each alone, and together; what is said of a room that was left holds for when it was left."""
        everything = set(self.names)
        invites = {"invite", "secret invite", "space invite"}
        spaces = {"space", "space invite"}
        filters: list[tuple[Json, set[str]]] = [
            ({}, everything),
            ({"is_invite": True}, invites),
            ({"is_invite": False}, everything - invites),
            ({"is_dm": True}, {"plain", "invite"}),
            ({"is_dm": False}, everything - {"plain", "invite"}),
            ({"is_encrypted": True}, {"secret", "secret invite"}),
            ({"is_encrypted": False}, everything - {"secret", "secret invite"}),
            ({"room_types": ["m.space"]}, spaces),
            ({"room_types": ["m.space", "org.example.odd"]}, {*spaces, "odd"}),
            ({"room_types": [None]}, everything - spaces - {"odd"}),
            ({"not_room_types": ["m.space"]}, everything - spaces),
            ({"not_room_types": [None]}, {*spaces, "odd"}),
            ({"room_types": ["m.space"], "not_room_types": ["m.space"]}, set()),
            ({"tags": ["m.favourite"]}, {"plain", "secret"}),
            ({"tags": ["m.favourite"], "not_tags": ["m.lowpriority"]}, {"plain"}),
            ({"not_tags": ["m.favourite"]}, everything - {"plain", "secret"}),
            ({"spaces": [self.names["space"]]}, {"plain", "kicked"}),
            ({"spaces": [self.names["space invite"], "!no:where.example"]}, set()),
            ({"is_dm": True, "is_invite": False}, {"plain"}),
        ]
        for asked, expected in filters:
            with self.subTest(filters=asked):
                self.assertEqual(self.listed(**asked), expected)

    def test_a_room_comes_into_a_list_when_it_fits(self) -> None:
        """And out of it, which the count says."""
        carol = self.new_user("carol")
        room = carol.create_room()
        client = SlidingClient(carol, lists={"a": a_list(tags=["org.example.mine"])})
        self.assertEqual(client.rooms(), {})
        path = f"/user/{carol.user_id}/rooms/{room}/tags/org.example.mine"
        carol.put(path, {})
        self.assertEqual(list(client.rooms(20_000)), [room])
        carol.delete(path)
        self.assertEqual(client.step()["lists"]["a"]["count"], 0)


class StableShapeTest(HomeserverCase):
    """`/v4/sync`: Bob follows what Alice does."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat", name="Ours")

    def client(self, include: list[Json] | None = None, **body: Any) -> SlidingClient:
        """A connection of a list with the newest event of all rooms."""
        state = {"include": include or [], **body.pop("state", {})}
        one = {"timeline_limit": 1, "required_state": state, **body}
        return SlidingClient(self.bob, is_stable=True, lists={"all": one})

    def test_rooms_say_what_the_user_is_there_and_in_which_lists(self) -> None:
        """And nothing is said of what is unread."""
        self.bob.join(self.room)
        entry = self.client([{"type": "m.room.name", "state_key": ""}], range=[0, 9]).room(self.room)
        self.assertEqual((entry["membership"], entry["lists"], entry["name"]), ("join", ["all"], "Ours"))
        self.assertEqual(keys(entry["required_state"]), {("m.room.name", "")})
        self.assertNotIn("notification_count", entry)

    def test_a_list_without_a_range_has_all_rooms(self) -> None:
        """However many."""
        rooms = {self.bob.create_room() for _ in range(3)}
        self.assertEqual(set(self.client().rooms()), rooms)
        self.assertEqual(len(self.client(range=[1, 1]).rooms()), 1)

    def test_required_state_is_included_and_excluded(self) -> None:
        """An empty element stands for everything; members that come as they are needed are not excluded."""
        self.bob.join(self.room)
        self.alice.send(self.room, "last")
        everything = keys(self.bob.get(f"/rooms/{self.room}/state"))
        member = "m.room.member"
        bob, alice = (member, self.bob.user_id), (member, self.alice.user_id)
        create = ("m.room.create", "")
        cases: list[tuple[Json, set[tuple[str, str]]]] = [
            ({"include": [{}]}, everything),
            ({"include": [{}], "exclude": [{"type": "m.room.create", "state_key": ""}]}, everything - {create}),
            ({"include": [{}], "lazy_members": True}, everything - {bob}),
            ({"include": [], "lazy_members": True}, {alice}),
            ({"include": [{"type": member}], "exclude": [{"type": member, "state_key": alice[1]}]}, {bob}),
            ({"include": [{"type": member, "state_key": bob[1]}], "lazy_members": True}, {alice, bob}),
            ({"exclude": [{"type": member}], "lazy_members": True}, {alice}),
            ({"include": [{"state_key": bob[1]}]}, {bob}),
            ({}, set()),
        ]
        for state, expected in cases:
            with self.subTest(state=state):
                body = {"timeline_limit": 1, "required_state": state}
                entry = SlidingClient(self.bob, is_stable=True, lists={"a": body}).room(self.room)
                self.assertEqual(keys(entry.get("required_state", [])), expected)

    def test_invites_and_what_becomes_of_them(self) -> None:
        """Stripped state, and after a refusal the membership alone."""
        self.alice.change(self.room, "invite", self.bob)
        client = self.client([{}], filters={"is_invited": True})
        entry = client.room(self.room)
        self.assertEqual(entry["membership"], "invite")
        self.assertIn(("m.room.name", ""), keys(entry["stripped_state"]))
        self.assertNotIn("invite_state", entry)
        everywhere = SlidingClient(
            self.bob, is_stable=True, conn_id="2", lists={"all": {"timeline_limit": 1, "required_state": {}}}
        )
        everywhere.step()
        self.bob.change(self.room, "leave")
        entry = everywhere.room(self.room)
        self.assertEqual(entry["membership"], "leave")
        self.assertEqual([event["content"]["membership"] for event in entry["stripped_state"]], ["leave"])
        self.assertNotIn("timeline", entry)

    def test_more_of_the_timeline(self) -> None:
        """By a subscription, marked with the name of the proposal."""
        self.bob.join(self.room)
        sent = [self.alice.send(self.room, str(number)) for number in range(3)]
        client = self.client()
        self.assertEqual(bodies(client.room(self.room)), ["2"])
        wanted = {"timeline_limit": 3, "required_state": {}}
        entry = client.room(self.room, 20_000, room_subscriptions={self.room: wanted})
        self.assertEqual(ids(entry["timeline"]), sent)
        self.assertIs(entry["expanded_timeline"], True)

    def test_it_waits(self) -> None:
        """As long as the body says, and goes on where it was in either shape."""
        self.bob.join(self.room)
        client = self.client()
        client.step()
        before = client.pos
        self.assertNotIn("rooms", client.step(50))
        self.assertEqual(client.pos, before)
        event_id = self.alice.send(self.room, "1")
        client.is_stable = False
        self.assertEqual(ids(client.room(self.room, lists={"all": a_list()})["timeline"])[-1:], [event_id])


SlidingFiltersTestOnPostgres = on_postgres(SlidingFiltersTest)
StableShapeTestOnPostgres = on_postgres(StableShapeTest)
