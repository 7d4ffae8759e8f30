"""Aliases of rooms.

https://spec.matrix.org/v1.19/client-server-api/#room-aliases
"""

from __future__ import annotations

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

NOT_FOUND = (404, "M_NOT_FOUND")
FORBIDDEN = (403, "M_FORBIDDEN")


class AliasesTest(HomeserverCase):
    """Alice's public room, and Bob."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.alias = f"#{self.alice.localpart}:{self.server.name}"
        self.path = f"/directory/room/{self.alias}"

    def test_an_alias_leads_to_the_room_and_to_servers_that_are_in_it(self) -> None:
        """Also for who is not logged in."""
        self.alice.put(self.path, {"room_id": self.room})

        self.assertEqual(self.server.get(self.path), {"room_id": self.room, "servers": [self.server.name]})
        self.assertEqual(self.alice.get(f"/rooms/{self.room}/aliases"), {"aliases": [self.alias]})

    def test_an_alias_is_given_once(self) -> None:
        """409 for the second room."""
        other = self.alice.create_room()
        self.alice.put(self.path, {"room_id": self.room})
        self.assertEqual(self.alice.refusal("PUT", self.path, {"room_id": other})[0], 409)
        self.assertEqual(self.alice.get(self.path)["room_id"], self.room)

    def test_an_alias_is_deleted_by_who_made_it_or_has_the_power(self) -> None:
        """Others get 403; afterwards it leads nowhere and is free."""
        self.bob.join(self.room)
        self.assertEqual(self.alice.refusal("DELETE", self.path), NOT_FOUND)
        self.bob.put(self.path, {"room_id": self.room})
        carol = self.new_user("carol")
        carol.join(self.room)
        self.assertEqual(carol.refusal("DELETE", self.path), FORBIDDEN)

        self.bob.delete(self.path)

        self.assertEqual(self.alice.refusal("GET", self.path), NOT_FOUND)
        self.bob.put(self.path, {"room_id": self.room})
        self.alice.delete(self.path)

    def test_deleting_an_alias_takes_it_out_of_the_canonical_ones(self) -> None:
        """Where the user may change these."""
        self.alice.put(self.path, {"room_id": self.room})
        self.alice.set_state(self.room, "m.room.canonical_alias", {"alias": self.alias, "alt_aliases": [self.alias]})

        self.alice.delete(self.path)

        content = self.alice.state(self.room, "m.room.canonical_alias")
        self.assertNotIn(self.alias, [content.get("alias"), *content.get("alt_aliases", [])])

    def test_canonical_aliases_must_lead_to_the_room(self) -> None:
        """400 M_BAD_ALIAS for others, 400 M_INVALID_PARAM for what is no alias."""
        other = self.alice.create_room()
        self.alice.put(self.path, {"room_id": other})
        path = f"/rooms/{self.room}/state/m.room.canonical_alias"
        missing = f"#none:{self.server.name}"
        bad = (400, "M_BAD_ALIAS")
        self.assertEqual(self.alice.refusal("PUT", path, {"alias": self.alias}), bad)
        self.assertEqual(self.alice.refusal("PUT", path, {"alt_aliases": [missing]}), bad)
        self.assertEqual(self.alice.refusal("PUT", path, {"alias": "no alias"}), (400, "M_INVALID_PARAM"))

    def test_who_is_not_in_the_room_can_neither_name_nor_list(self) -> None:
        """403 M_FORBIDDEN."""
        self.assertEqual(self.bob.refusal("PUT", self.path, {"room_id": self.room}), FORBIDDEN)
        self.assertEqual(self.bob.refusal("GET", f"/rooms/{self.room}/aliases"), FORBIDDEN)

    def test_aliases_of_other_servers_and_odd_ones_are_refused(self) -> None:
        """400 M_INVALID_PARAM; 400 M_BAD_JSON without a room."""
        for alias in ("#a:elsewhere.example", "no-alias", "#no-server"):
            with self.subTest(alias):
                answer = self.alice.refusal("PUT", f"/directory/room/{alias}", {"room_id": self.room})
                self.assertEqual(answer, (400, "M_INVALID_PARAM"))
        self.assertEqual(self.alice.refusal("PUT", self.path, {})[0], 400)
        self.assertEqual(self.alice.refusal("PUT", self.path, {"room_id": "nonsense"}), (400, "M_INVALID_PARAM"))


AliasesTestOnPostgres = on_postgres(AliasesTest)
