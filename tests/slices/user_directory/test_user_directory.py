"""Finding people.

https://spec.matrix.org/v1.19/client-server-api/#user-directory
"""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.administrators import new_administrator
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

    def test_whoever_leaves_an_open_room(self) -> None:
        """Is found as long as they are in it, by themselves too."""
        erin, frank = self.new_user("erin"), self.new_user("frank")
        room = erin.create_room(preset="public_chat")
        self.assertEqual(found(frank, frank.localpart), [])

        frank.join(room)
        self.assertEqual(found(self.alice, frank.localpart), [frank.user_id])
        self.assertEqual(found(frank, frank.localpart), [frank.user_id])
        frank.change(room, "leave")

        self.assertEqual(found(self.alice, frank.localpart), [])
        erin.change(room, "ban", frank)
        self.assertEqual(found(self.alice, frank.localpart), [])

    def test_who_only_two_rooms_make_visible_needs_one_of_them(self) -> None:
        """Closing one changes nothing, closing the other does."""
        gwen = self.new_user("gwen")
        rooms = [gwen.create_room(preset="public_chat") for _ in range(2)]

        gwen.set_state(rooms[0], "m.room.join_rules", {"join_rule": "invite"})
        self.assertEqual(found(self.alice, gwen.localpart), [gwen.user_id])
        gwen.set_state(rooms[1], "m.room.join_rules", {"join_rule": "invite"})

        self.assertEqual(found(self.alice, gwen.localpart), [])

    def test_who_stays_behind_when_a_room_is_upgraded(self) -> None:
        """Both rooms are open; who is in them is found no more when they close."""
        heidi, ivan = self.new_user("heidi"), self.new_user("ivan")
        old = heidi.create_room(preset="public_chat", room_version="10")
        ivan.join(old)

        new = heidi.post(f"/rooms/{old}/upgrade", {"new_version": "11"})["replacement_room"]

        self.assertEqual(found(self.alice, ivan.localpart), [ivan.user_id])
        heidi.set_state(old, "m.room.join_rules", {"join_rule": "invite"})
        self.assertEqual(found(self.alice, ivan.localpart), [])
        self.assertEqual(found(self.alice, heidi.localpart), [heidi.user_id])
        heidi.set_state(new, "m.room.join_rules", {"join_rule": "invite"})
        self.assertEqual(found(self.alice, heidi.localpart), [])

    def test_a_new_name_takes_the_place_of_the_old(self) -> None:
        """And no name that of a name."""
        judy = named(self.new_user("j"), "Judith Quillfeather")
        judy.create_room(preset="public_chat")
        self.assertEqual(found(self.alice, "quillfeather"), [judy.user_id])

        named(judy, "Judith Ostrander")
        self.assertEqual((found(self.alice, "quillfeather"), found(self.alice, "ostrander")), ([], [judy.user_id]))
        judy.delete(f"/profile/{judy.user_id}/displayname")

        self.assertEqual(found(self.alice, "ostrander"), [])
        (person,) = self.alice.post(PATH, {"search_term": judy.localpart})["results"]
        self.assertEqual(person, {"user_id": judy.user_id})

    def test_names_of_all_languages(self) -> None:
        """The beginnings of words, and what stands within them where there are no spaces; voiced sounds differ."""
        names = {
            "田中 太郎": ("田", "太郎", "郎", "田中"),
            "王小明": ("王", "小明", "明"),
            "ガードナー": ("ガード", "ｶﾞｰﾄﾞ"),
            "김민준": ("김", "김민"),
            "Наталья": ("нат", "НАТ"),
            "Σίσυφος": ("σισυφοσ",),
            "مُحمد": ("محمد",),
            "Zoë Straße": ("zoe", "STRASSE", "stra"),
        }
        for name, terms in names.items():
            person = named(self.new_user("x"), name)
            person.create_room(preset="public_chat")
            for term in terms:
                with self.subTest(name=name, term=term):
                    self.assertIn(person.user_id, found(self.alice, term))
        self.assertEqual(found(self.alice, "カート"), [])

    def test_a_servers_name_finds_those_whose_id_is_typed(self) -> None:
        """Not everybody who is there."""
        kim = self.new_user("kim")
        kim.create_room(preset="public_chat")

        self.assertNotIn(kim.user_id, found(self.alice, "localhost", limit=50))
        self.assertEqual(found(self.alice, kim.user_id), [kim.user_id])
        self.assertEqual(found(self.alice, kim.user_id[1:]), [kim.user_id])

    def test_best_first_and_limited(self) -> None:
        """Whole names before beginnings before later words before what is within."""
        names = ("Xzebedee", "The Zebedee Band", "Zebedeeson", "Zebedee")
        people = [named(self.new_user("p"), name) for name in names]
        room = people[0].create_room(preset="public_chat")
        for person in people[1:]:
            person.join(room)
        ids = [person.user_id for person in people]

        self.assertEqual(found(self.alice, "zebedee"), ids[::-1])
        answer = self.alice.post(PATH, {"search_term": "zebedee", "limit": 2})
        self.assertTrue(answer["limited"])
        self.assertEqual(answer["results"][0]["display_name"], "Zebedee")
        self.assertFalse(self.alice.post(PATH, {"search_term": "zebedee", "limit": 4})["limited"])

    def test_who_is_locked(self) -> None:
        """Is found again once the account is unlocked."""
        lena = self.new_user("lena")
        lena.create_room(preset="public_chat")
        path = f"/_matrix/client/v1/admin/lock/{lena.user_id}"
        administrator = new_administrator(self.server)

        administrator.put(path, {"locked": True})
        self.assertEqual(found(self.alice, lena.localpart), [])
        administrator.put(path, {"locked": False})

        self.assertEqual(found(self.alice, lena.localpart), [lena.user_id])

    def test_those_who_left_the_server(self) -> None:
        """A deactivated account is found no more, erased or not."""
        for erase in (False, True):
            erin = self.new_user("erin")
            erin.create_room(preset="public_chat")
            identifier = {"type": "m.id.user", "user": erin.user_id}
            auth = {"type": "m.login.password", "password": erin.password, "identifier": identifier}
            erin.post("/account/deactivate", {"auth": auth, "erase": erase})

            self.assertEqual(found(self.alice, erin.localpart), [])

    def test_words_that_no_name_has_find_nobody(self) -> None:
        """Nor do they fail, however long, and with characters that PostgreSQL does not hold."""
        for term in ("\0", "\0nobody", "x" * 70_000, "\u00e9" * 70_000, "wq " * 30_000):
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

    def test_a_room_that_nobody_here_is_in_any_more(self) -> None:
        """Says nothing of who is in it."""
        alice, dora = self.here.new_user("alice"), named(self.there.new_user("dora"), "Dora Faraway")
        room = dora.create_room(preset="public_chat")
        alice.join(room, via=self.there.name)
        self.assertEqual(found(self.here.new_user("bob"), "faraway"), [dora.user_id])

        alice.change(room, "leave")

        self.assertEqual(found(alice, "faraway"), [])


class NearOnesTest(FederationCase):
    """`exclude_remote_users`."""

    settings: ClassVar[dict[str, Any]] = {"user_directory": {"exclude_remote_users": True}}

    def test_people_of_other_servers(self) -> None:
        """Are not found."""
        alice, dora = self.here.new_user("alice"), self.there.new_user("dora")
        room = dora.create_room(preset="public_chat")
        alice.join(room, via=self.there.name)

        self.assertEqual(found(alice, dora.localpart), [])
        self.assertEqual(found(alice, alice.localpart), [alice.user_id])


UserDirectoryTestOnPostgres = on_postgres(UserDirectoryTest)
