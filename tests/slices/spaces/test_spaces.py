"""Spaces, and what rooms show to those outside.

https://spec.matrix.org/v1.19/client-server-api/#spaces
"""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase, HomeserverCase

V1 = "/_matrix/client/v1"
NOT_FOUND = (404, "M_NOT_FOUND")


def new_space(user: User, **body: Any) -> str:
    """A public space."""
    return user.create_room(preset="public_chat", creation_content={"type": "m.space"}, **body)


def add_child(user: User, space: str, room: str, via: str, **content: Any) -> None:
    """Put a room into a space."""
    user.set_state(space, "m.space.child", {"via": [via], **content}, room)


def room_ids(answer: Json) -> list[str]:
    """The rooms of a page, in their order."""
    return [room["room_id"] for room in answer["rooms"]]


class HierarchyTest(HomeserverCase):
    """A space with a room and a space within, which holds a room of its own."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.top, self.inner = new_space(self.alice, name="Top"), new_space(self.alice)
        self.first, self.deep = (self.alice.create_room(preset="public_chat", name=name) for name in ("First", "Deep"))
        self._add(self.top, self.first, order="a", suggested=True)
        self._add(self.top, self.inner, order="b")
        self._add(self.inner, self.deep)

    def _add(self, space: str, room: str, **content: Any) -> None:
        add_child(self.alice, space, room, self.server.name, **content)

    def _walk(self, user: User | None = None, **query: Any) -> Json:
        answer: Json = (user or self.bob).get(f"{V1}/rooms/{self.top}/hierarchy", query)
        return answer

    def test_depth_first_in_the_order_of_the_children(self) -> None:
        """With what each room says of itself, and the events that make the tree."""
        answer = self._walk()

        self.assertEqual(room_ids(answer), [self.top, self.first, self.inner, self.deep])
        top, first = answer["rooms"][:2]
        self.assertEqual((top["name"], top["room_type"], top["room_version"]), ("Top", "m.space", "12"))
        self.assertEqual([one["state_key"] for one in top["children_state"]], [self.first, self.inner])
        self.assertEqual((first["name"], first["join_rule"], first["num_joined_members"]), ("First", "public", 1))
        self.assertEqual(first["children_state"], [])

    def test_depth_and_suggestions(self) -> None:
        """As far down as wanted, and only what is suggested."""
        self.assertEqual(room_ids(self._walk(max_depth=1)), [self.top, self.first, self.inner])
        self.assertEqual(room_ids(self._walk(max_depth=0)), [self.top])
        self.assertEqual(room_ids(self._walk(suggested_only="true")), [self.top, self.first])

    def test_pages(self) -> None:
        """Each room once; the walk may not change on the way."""
        first = self._walk(limit=3)
        second = self._walk(limit=3, **{"from": first["next_batch"]})

        self.assertEqual(room_ids(first) + room_ids(second), room_ids(self._walk()))
        self.assertNotIn("next_batch", second)
        changed = {"from": first["next_batch"], "max_depth": 1}
        path = f"{V1}/rooms/{self.top}/hierarchy"
        self.assertEqual(self.bob.refusal("GET", path, query=changed), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.bob.refusal("GET", path, query={"from": "x"}), (400, "M_INVALID_PARAM"))

    def test_private_rooms_are_for_members_and_the_invited(self) -> None:
        """Others do not learn of them."""
        hidden = self.alice.create_room(name="Hidden")
        self._add(self.top, hidden)

        self.assertNotIn(hidden, room_ids(self._walk()))
        self.assertIn(hidden, room_ids(self._walk(self.alice)))
        self.alice.change(hidden, "invite", self.bob)
        self.assertIn(hidden, room_ids(self._walk()))

    def test_restricted_rooms_are_for_the_members_of_others(self) -> None:
        """Bob sees it once he is in the space."""
        allow = [{"type": "m.room_membership", "room_id": self.top}]
        rules = {"join_rule": "restricted", "allow": allow}
        room = self.alice.create_room(initial_state=[{"type": "m.room.join_rules", "content": rules}])
        self._add(self.top, room)

        self.assertNotIn(room, room_ids(self._walk()))
        self.bob.join(self.top)
        self.assertIn(room, room_ids(self._walk()))
        shown = next(one for one in self._walk()["rooms"] if one["room_id"] == room)
        self.assertEqual(shown["allowed_room_ids"], [self.top])

    def test_circles_and_removed_children(self) -> None:
        """A space within itself is told once; a child without `via` is none."""
        self._add(self.inner, self.top)
        self.alice.set_state(self.top, "m.space.child", {}, self.first)

        self.assertEqual(room_ids(self._walk()), [self.top, self.inner, self.deep])

    def test_a_space_that_may_not_be_seen(self) -> None:
        """403, as for one that is not there."""
        private = self.alice.create_room(creation_content={"type": "m.space"})

        for room in (private, "!nowhere:example.org"):
            self.assertEqual(self.bob.refusal("GET", f"{V1}/rooms/{room}/hierarchy"), (403, "M_FORBIDDEN"))


class SummaryTest(HomeserverCase):
    """Summaries of single rooms."""

    def test_a_public_room(self) -> None:
        """By id and by alias, under the stable and the older paths, without an account too."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        room = alice.create_room(preset="public_chat", name="Tea", room_alias_name=f"tea-{alice.localpart}")
        alias = f"#tea-{alice.localpart}:{self.server.name}"
        unstable = "/_matrix/client/unstable/im.nheko.summary"

        older = (f"{unstable}/summary/{alias}", f"{unstable}/rooms/{room}/summary")
        for path in (f"{V1}/room_summary/{room}", f"{V1}/room_summary/{alias}", *older):
            with self.subTest(path):
                summary = bob.get(path, {"via": [self.server.name, "other.example"]})
                self.assertEqual((summary["name"], summary["num_joined_members"]), ("Tea", 1))
                self.assertNotIn("membership", summary)
        self.assertEqual(alice.get(f"{V1}/room_summary/{room}")["membership"], "join")
        self.assertEqual(self.server.get(f"{V1}/room_summary/{room}")["room_id"], room)

    def test_a_room_that_may_not_be_seen(self) -> None:
        """The same answer as for one that is not there."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        room = alice.create_room()

        for path in (room, "!nowhere:example.org", f"#nowhere:{self.server.name}"):
            self.assertEqual(bob.refusal("GET", f"{V1}/room_summary/{path}"), NOT_FOUND)
        self.assertEqual(self.server.refusal("GET", f"{V1}/room_summary/{room}"), NOT_FOUND)
        self.assertEqual(bob.refusal("GET", f"{V1}/room_summary/tea"), (400, "M_INVALID_PARAM"))


class FederatedSpaceTest(FederationCase):
    """A space here with rooms that only the other server is in."""

    def test_rooms_of_another_server(self) -> None:
        """They are told as that server tells them; what it keeps to itself is left out."""
        alice, dora = self.here.new_user("alice"), self.there.new_user("dora")
        space, inner = new_space(alice), new_space(dora, name="Inner")
        public = dora.create_room(preset="public_chat", name="Public")
        private = dora.create_room(name="Private")
        add_child(alice, space, inner, self.there.name)
        for room in (public, private):
            add_child(dora, inner, room, self.there.name)

        answer = alice.get(f"{V1}/rooms/{space}/hierarchy")

        self.assertEqual(room_ids(answer), [space, inner, public])
        self.assertEqual([room.get("name") for room in answer["rooms"]], [None, "Inner", "Public"])
        summary = alice.get(f"{V1}/room_summary/{public}", {"via": self.there.name})
        self.assertEqual(summary["name"], "Public")
        query = {"via": self.there.name}
        self.assertEqual(alice.refusal("GET", f"{V1}/room_summary/{private}", query=query), NOT_FOUND)


HierarchyTestOnPostgres = on_postgres(HierarchyTest)
