from __future__ import annotations

import unittest
from typing import Any

from cmdclient.client import Client, tls_context
from cmdclient.errors import UsageError
from cmdclient.rooms import RoomBook, find_room_id
from cmdclient.sync import new_events
from tests.cmdclient.scripted_server import ScriptedServer


def state(kind: str, **content: Any) -> dict[str, Any]:
    return {"type": kind, "state_key": "", "content": content}


def joined(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"state": {"events": list(events)}, **more}


TEA = joined(
    state("m.room.name", name="Tea Room"),
    timeline={"events": [state("m.room.canonical_alias", alias="#tea:hs")]},
    summary={"m.joined_member_count": 3},
)
ROOMS = {
    "!tea": TEA,
    "!garden": joined(state("m.room.name", name="Tea garden")),
    "!dm": joined(summary={"m.heroes": ["@bob:hs"]}),
}
INVITED = {"!new": {"invite_state": {"events": [state("m.room.name", name="New room")]}}}
ANSWER = {"next_batch": "s1", "rooms": {"join": ROOMS, "invite": INVITED}}


class Rooms(unittest.TestCase):
    def setUp(self) -> None:
        self.book = RoomBook()
        self.book.apply(ANSWER)

    def test_names(self) -> None:
        self.assertEqual([room.label for room in self.book.all()], ["@bob:hs", "New room", "Tea garden", "Tea Room"])
        self.assertEqual(self.book.label("!unknown"), "!unknown")

    def test_words_for_completion_have_no_spaces(self) -> None:
        self.assertEqual(self.book.words(), ["!dm", "!new", "!garden", "#tea:hs"])

    def test_a_part_of_a_name(self) -> None:
        self.assertEqual([room.room_id for room in self.book.matches("GARD")], ["!garden"])
        self.assertEqual([room.room_id for room in self.book.matches("tea room")], ["!tea"])
        self.assertEqual(len(self.book.matches("tea")), 2)

    def test_later_answers_change_what_is_known(self) -> None:
        renamed = {"timeline": {"events": [state("m.room.name", name="Coffee")]}}
        self.book.apply({"rooms": {"join": {"!tea": renamed}, "leave": {"!garden": {}}}})
        self.assertEqual(self.book.label("!tea"), "Coffee")
        self.assertEqual([room.room_id for room in self.book.matches("#tea:hs")], ["!tea"])
        self.assertEqual(self.book.matches("garden"), [])
        self.assertEqual(self.book.label("!garden"), "Tea garden", "for the event that tells of it")


class Meaning(unittest.TestCase):
    def setUp(self) -> None:
        self.server = ScriptedServer((200, ANSWER))
        self.addCleanup(self.server.close)
        self.client = Client(self.server.url, tls_context(None), "t0ken")

    def test_an_id_without_a_domain_is_taken_as_it_is(self) -> None:
        self.assertEqual(find_room_id("!hash", self.client, RoomBook()), "!hash")
        self.assertEqual(self.server.requests, [])

    def test_an_unknown_name_is_looked_for_on_the_server(self) -> None:
        self.assertEqual(find_room_id("garden", self.client, RoomBook()), "!garden")

    def test_a_name_of_two_rooms(self) -> None:
        with self.assertRaisesRegex(UsageError, r"may mean 2 rooms: Tea garden \(!garden\), Tea Room \(!tea\)"):
            find_room_id("tea", self.client, RoomBook())

    def test_a_name_of_no_room(self) -> None:
        with self.assertRaisesRegex(UsageError, "No room of yours is called 'zzz'"):
            find_room_id("zzz", self.client, RoomBook())


class NewEvents(unittest.TestCase):
    def test_timelines_gaps_and_invitations(self) -> None:
        message = {"type": "m.room.message", "content": {"body": "hi"}}
        invitation = {"type": "m.room.member", "state_key": "@a:hs", "content": {"membership": "invite"}}
        rooms = {
            "join": {"!a": {"timeline": {"limited": True, "events": [message, message]}}},
            "leave": {"!b": {"timeline": {"events": [message]}}},
            "invite": {"!c": {"invite_state": {"events": [state("m.room.name", name="C"), invitation]}}},
        }
        found = new_events({"rooms": rooms})
        self.assertEqual([one.room_id for one in found], ["!a", "!a", "!b", "!c"])
        self.assertEqual([one.has_gap for one in found], [True, False, False, False])
        self.assertEqual(found[0].as_json()["room_id"], "!a")
