"""Finding people.

https://spec.matrix.org/v1.19/client-server-api/#user-directory
"""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase, HomeserverCase

PATH = "/user_directory/search"


def found(user: User, term: str, **more: Any) -> list[str]:
    """The ids of the people a user finds."""
    results = user.post(PATH, {"search_term": term, **more})["results"]
    return [person["user_id"] for person in results]


def named(user: User, name: str) -> User:
    """The user, called so."""
    user.put(f"/profile/{user.user_id}/displayname", {"displayname": name})
    return user


class UserDirectoryTest(HomeserverCase):
    """People of one server."""

    def setUp(self) -> None:
        self.alice = self.new_user("alice")

    def test_people_in_public_rooms(self) -> None:
        """By localpart and by name, whatever the case, the accents and the order of the words."""
        bob = named(self.new_user("bob"), "Böbby Tables")
        bob.create_room(preset="public_chat")

        for term in (bob.localpart, bob.user_id, "BOBBY", "böb", "tables bob"):
            with self.subTest(term):
                self.assertIn(bob.user_id, found(self.alice, term))
        self.assertEqual(found(self.alice, "bobby chairs"), [])
        self.assertEqual(found(self.alice, "%"), [])

    def test_people_who_share_nothing_are_not_found(self) -> None:
        """Somebody in private rooms is found by those in them, as long as they are."""
        carol = self.new_user("carol")
        room = carol.create_room(invite=[self.alice.user_id])

        self.assertEqual(found(self.alice, carol.localpart), [])
        self.alice.join(room)
        self.assertEqual(found(self.alice, carol.localpart), [carol.user_id])
        carol.change(room, "leave")
        self.assertEqual(found(self.alice, carol.localpart), [])

    def test_a_room_that_becomes_public(self) -> None:
        """Its members can be found from then on; and no more when it closes."""
        dave = self.new_user("dave")
        room = dave.create_room()
        dave.set_state(room, "m.room.join_rules", {"join_rule": "public"})

        self.assertEqual(found(self.alice, dave.localpart), [dave.user_id])
        dave.set_state(room, "m.room.join_rules", {"join_rule": "invite"})
        self.assertEqual(found(self.alice, dave.localpart), [])
        dave.set_state(room, "m.room.history_visibility", {"history_visibility": "world_readable"})
        self.assertEqual(found(self.alice, dave.localpart), [dave.user_id])

    def test_best_first_and_limited(self) -> None:
        """Whole names before beginnings before the rest."""
        names = ("The Zebedee Band", "Zebedeeson", "Zebedee")
        people = [named(self.new_user("p"), name) for name in names]
        room = people[0].create_room(preset="public_chat")
        for person in people[1:]:
            person.join(room)
        ids = [person.user_id for person in people]

        self.assertEqual(found(self.alice, "zebedee"), ids[::-1])
        answer = self.alice.post(PATH, {"search_term": "zebedee", "limit": 2})
        self.assertTrue(answer["limited"])
        self.assertEqual(answer["results"][0]["display_name"], "Zebedee")

    def test_those_who_left_the_server(self) -> None:
        """A deactivated account is found no more."""
        erin = self.new_user("erin")
        erin.create_room(preset="public_chat")
        auth = {"type": "m.login.password", "password": erin.password}
        identifier = {"type": "m.id.user", "user": erin.user_id}
        erin.post("/account/deactivate", {"auth": {**auth, "identifier": identifier}})

        self.assertEqual(found(self.alice, erin.localpart), [])

    def test_words_that_no_name_has_find_nobody(self) -> None:
        """Nor do they fail, however long, and with characters that PostgreSQL does not hold."""
        for term in ("\0", "\0nobody", "x" * 70_000, "\u00e9" * 70_000, "x " * 70_000):
            self.assertEqual(found(self.alice, term), [])

    def test_wrong_requests(self) -> None:
        """A term is needed, and a limit is a number."""
        for body, errcode in (
            ({}, "M_MISSING_PARAM"),
            ({"search_term": 1}, "M_BAD_JSON"),
            ({"search_term": "x", "limit": "1"}, "M_BAD_JSON"),
            ({"search_term": "x", "limit": 0}, "M_INVALID_PARAM"),
        ):
            with self.subTest(body):
                self.assertEqual(self.alice.refusal("POST", PATH, body), (400, errcode))
        self.assertEqual(found(self.alice, "  "), [])


class EverybodyTest(HomeserverCase):
    """`search_all_users`."""

    settings: ClassVar[dict[str, Any]] = {"user_directory": {"search_all_users": True}}

    def test_people_without_rooms(self) -> None:
        """All local people are found."""
        alice, bob = self.new_user("alice"), self.new_user("bob")

        self.assertEqual(found(alice, bob.localpart), [bob.user_id])


class FederatedDirectoryTest(FederationCase):
    """People of other servers."""

    def test_by_the_name_they_have_in_a_shared_room(self) -> None:
        """As their member event says."""
        alice, dora = self.here.new_user("alice"), named(self.there.new_user("dora"), "Dora from Afar")
        room = dora.create_room(preset="public_chat")
        alice.join(room, via=self.there.name)

        self.assertEqual(found(alice, "afar"), [dora.user_id])


UserDirectoryTestOnPostgres = on_postgres(UserDirectoryTest)
