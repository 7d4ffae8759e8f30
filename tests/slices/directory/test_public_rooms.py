"""The list of public rooms.

https://spec.matrix.org/v1.19/client-server-api/#published-room-directory
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.support.laws import law

_ROOMS = 7


class PublicRoomsTest(HomeserverCase):
    """Alice lists seven rooms; the first ones have more members."""

    alice: User
    rooms: list[str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.alice = cls.server.new_user("alice")
        topics = ["Trees" if number == 4 else "Stones" for number in range(_ROOMS)]
        cls.rooms = [
            cls.alice.create_room(visibility="public", name=f"Room {number}", topic=topic)
            for number, topic in enumerate(topics)
        ]
        for number in range(2):
            visitor = cls.server.new_user("visitor")
            for room in cls.rooms[: 2 - number]:
                visitor.join(room)

    def search(self, **body: object) -> Json:
        """One answer of `POST /publicRooms`."""
        answer: Json = self.alice.post("/publicRooms", body)
        return answer

    def test_rooms_are_listed_with_what_they_say_of_themselves(self) -> None:
        """The largest first."""
        answer = self.alice.get("/publicRooms")

        self.assertEqual({entry["room_id"] for entry in answer["chunk"]}, set(self.rooms))
        self.assertEqual([entry["num_joined_members"] for entry in answer["chunk"]][:3], [3, 2, 1])
        first = answer["chunk"][0]
        self.assertEqual((first["room_id"], first["name"], first["topic"]), (self.rooms[0], "Room 0", "Stones"))
        self.assertEqual(
            (first["join_rule"], first["world_readable"], first["guest_can_join"]), ("public", False, False)
        )

    @law(10)
    @given(size=st.integers(1, _ROOMS + 1))
    def test_pages_of_any_size_hold_every_room_once(self, size: int) -> None:
        """Forward by `next_batch`, and back again by `prev_batch`."""
        pages = [self.alice.get("/publicRooms", {"limit": size})]
        while "next_batch" in pages[-1]:
            pages.append(self.alice.get("/publicRooms", {"limit": size, "since": pages[-1]["next_batch"]}))
        found = [entry["room_id"] for page in pages for entry in page["chunk"]]
        self.assertEqual((sorted(found), len(pages[0]["chunk"])), (sorted(self.rooms), min(size, _ROOMS)))
        self.assertNotIn("prev_batch", pages[0])
        if len(pages) > 1:
            back = self.alice.get("/publicRooms", {"limit": size, "since": pages[1]["prev_batch"]})
            self.assertEqual(back["chunk"], pages[0]["chunk"])

    def test_rooms_are_searched_by_name_topic_and_alias(self) -> None:
        """In any case of letters."""

        def found(term: str) -> list[str]:
            return [entry["room_id"] for entry in self.search(filter={"generic_search_term": term})["chunk"]]

        self.assertEqual(found("ROOM 3"), [self.rooms[3]])
        self.assertEqual(found("tree"), [self.rooms[4]])
        self.assertEqual(found("nothing like it"), [])

    def test_spaces_are_found_by_their_type(self) -> None:
        """And rooms without a type by null."""
        space = self.alice.create_room(visibility="public", name="Space", creation_content={"type": "m.space"})
        self.addCleanup(self.alice.put, f"/directory/list/room/{space}", {"visibility": "private"})

        spaces = self.search(filter={"room_types": ["m.space"]})["chunk"]
        rooms = self.search(filter={"room_types": [None]})["chunk"]

        self.assertEqual([entry["room_id"] for entry in spaces], [space])
        self.assertEqual({entry["room_id"] for entry in rooms}, set(self.rooms))

    def test_a_room_is_listed_and_taken_off_the_list(self) -> None:
        """By who has the power to, and nobody else."""
        room = self.alice.create_room(preset="public_chat")
        path = f"/directory/list/room/{room}"
        self.assertEqual(self.server.get(path), {"visibility": "private"})
        bob = self.new_user("bob")
        self.assertEqual(bob.refusal("PUT", path, {"visibility": "public"}), (403, "M_FORBIDDEN"))

        self.alice.put(path, {"visibility": "public"})
        self.assertEqual(self.server.get(path), {"visibility": "public"})
        self.assertIn(room, [entry["room_id"] for entry in self.alice.get("/publicRooms")["chunk"]])

        self.alice.put(path, {"visibility": "private"})
        self.assertNotIn(room, [entry["room_id"] for entry in self.alice.get("/publicRooms")["chunk"]])

    def test_bad_requests_are_told(self) -> None:
        """Unknown rooms, visibilities and tokens."""
        unknown = f"/directory/list/room/!none:{self.server.name}"
        self.assertEqual(self.alice.refusal("GET", unknown), (404, "M_NOT_FOUND"))
        path = f"/directory/list/room/{self.rooms[0]}"
        self.assertEqual(self.alice.refusal("PUT", path, {"visibility": "maybe"}), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.alice.refusal("GET", "/publicRooms", query={"since": "x"}), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.alice.refusal("POST", "/publicRooms", {"limit": "x"})[0], 400)

    def test_the_list_needs_a_login(self) -> None:
        """401 M_MISSING_TOKEN, unless the configuration opens it."""
        self.assertEqual(self.server.refusal("GET", "/publicRooms"), (401, "M_MISSING_TOKEN"))


PublicRoomsTestOnPostgres = on_postgres(PublicRoomsTest)
