"""Walking through a room's history.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.support.laws import law

FORBIDDEN = (403, "M_FORBIDDEN")
_MESSAGES = 30


def walk(user: User, room_id: str, sizes: list[int], **query: str) -> list[str]:
    """The ids of every event on the way, with pages of these sizes in turn."""
    found: list[str] = []
    for number in range(1000):
        page = user.get(f"/rooms/{room_id}/messages", {**query, "limit": sizes[number % len(sizes)]})
        found += [event["event_id"] for event in page["chunk"]]
        if "end" not in page:
            return found
        query["from"] = page["end"]
    raise AssertionError("the history has no end")


class PagingTest(HomeserverCase):
    """A room with messages and state; `all_ids` are its events, oldest first."""

    alice: User
    room: str
    all_ids: list[str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.alice = cls.server.new_user("alice")
        cls.room = cls.alice.create_room(preset="public_chat")
        for number in range(_MESSAGES):
            if number % 4:
                cls.alice.send(cls.room, f"message {number}")
            else:
                cls.alice.set_state(cls.room, "m.room.topic", {"topic": f"topic {number}"})
        chunk = cls.alice.get(f"/rooms/{cls.room}/messages", {"dir": "f", "limit": 1000})["chunk"]
        cls.all_ids = [event["event_id"] for event in chunk]

    def messages(self, **query: str | int) -> Json:
        """One page."""
        page: Json = self.alice.get(f"/rooms/{self.room}/messages", query)
        return page

    def test_the_whole_history_is_one_page_if_it_fits(self) -> None:
        """From the create event to the last message."""
        self.assertEqual(len(self.all_ids), len(set(self.all_ids)))
        self.assertEqual(len(self.all_ids), 6 + _MESSAGES)

    @law(20)
    @given(sizes=st.lists(st.integers(1, 20), min_size=1, max_size=4), is_backward=st.booleans())
    def test_any_sizes_of_pages_walk_the_same_events(self, sizes: list[int], is_backward: bool) -> None:
        """No gap and no repetition, in either direction."""
        expected = self.all_ids[::-1] if is_backward else self.all_ids
        self.assertEqual(walk(self.alice, self.room, sizes, dir="b" if is_backward else "f"), expected)

    def test_a_page_of_nothing_is_not_the_end(self) -> None:
        """With `limit=0` one gets on from where one was."""
        for direction, expected in (("b", self.all_ids[-1]), ("f", self.all_ids[0])):
            nothing = self.messages(dir=direction, limit=0)
            self.assertEqual((nothing["chunk"], nothing["end"]), ([], nothing["start"]))
            after = self.messages(dir=direction, limit=1, **{"from": nothing["end"]})
            self.assertEqual([event["event_id"] for event in after["chunk"]], [expected])

    @law(20)
    @given(position=st.integers(1, 6 + _MESSAGES), size=st.integers(1, 12))
    def test_a_token_lies_between_two_events(self, position: int, size: int) -> None:
        """Back from it comes what was before it, forward what is after it, and `start` is where one began."""
        token = self.messages(dir="f", limit=position)["end"]

        back = self.messages(dir="b", limit=size, **{"from": token})
        forward = self.messages(dir="f", limit=size, **{"from": token})

        before, after = self.all_ids[:position], self.all_ids[position:]
        self.assertEqual([event["event_id"] for event in back["chunk"]], before[::-1][:size])
        self.assertEqual([event["event_id"] for event in forward["chunk"]], after[:size])
        self.assertEqual((back["start"], forward["start"]), (token, token))

    @law(20)
    @given(ends=st.tuples(st.integers(1, 36), st.integers(1, 36)).filter(lambda two: two[0] != two[1]))
    def test_a_walk_stops_where_it_is_told_to(self, ends: tuple[int, int]) -> None:
        """`to`: between two tokens come the events between them, in both directions."""
        low, high = sorted(ends)
        first, last = (self.messages(dir="f", limit=position)["end"] for position in (low, high))

        back = walk(self.alice, self.room, [5], dir="b", to=first, **{"from": last})
        forward = walk(self.alice, self.room, [5], dir="f", to=last, **{"from": first})

        self.assertEqual(forward, self.all_ids[low:high])
        self.assertEqual(back, forward[::-1])

    @law(15)
    @given(position=st.integers(0, 35), limit=st.integers(0, 12))
    def test_the_context_of_an_event_joins_the_history_around_it(self, position: int, limit: int) -> None:
        """At most `limit` events in all; `start` and `end` lead on from there."""
        found = self.alice.get(f"/rooms/{self.room}/context/{self.all_ids[position]}", {"limit": limit})

        before = [event["event_id"] for event in found["events_before"]][::-1]
        after = [event["event_id"] for event in found["events_after"]]
        self.assertEqual(found["event"]["event_id"], self.all_ids[position])
        self.assertLessEqual(len(before) + len(after), limit)
        earlier = walk(self.alice, self.room, [7], dir="b", **{"from": found["start"]})[::-1]
        later = walk(self.alice, self.room, [7], dir="f", **{"from": found["end"]})
        self.assertEqual([*earlier, *before, self.all_ids[position], *after, *later], self.all_ids)

    def test_the_context_carries_the_state_of_that_time(self) -> None:
        """The topic then, not now."""
        event_id = self.all_ids[6 + 5]
        found = self.alice.get(f"/rooms/{self.room}/context/{event_id}", {"limit": 0})
        topics = [event["content"]["topic"] for event in found["state"] if event["type"] == "m.room.topic"]
        self.assertEqual(topics, ["topic 4"])

    def test_a_filter_leaves_events_out(self) -> None:
        """By type; with lazy loading the senders' member events come along."""
        page = self.messages(dir="b", limit=100, filter='{"types": ["m.room.topic"], "lazy_load_members": true}')

        self.assertEqual({event["type"] for event in page["chunk"]}, {"m.room.topic"})
        self.assertEqual(len(page["chunk"]), 8)
        self.assertEqual([event["state_key"] for event in page["state"]], [self.alice.user_id])

    def test_each_event_is_found_by_its_id(self) -> None:
        """404 M_NOT_FOUND for others, and for events of another room."""
        event = self.alice.get(f"/rooms/{self.room}/event/{self.all_ids[7]}")
        self.assertEqual((event["event_id"], event["room_id"]), (self.all_ids[7], self.room))
        other = self.alice.create_room()
        not_found = (404, "M_NOT_FOUND")
        self.assertEqual(self.alice.refusal("GET", f"/rooms/{other}/event/{self.all_ids[7]}"), not_found)
        self.assertEqual(self.alice.refusal("GET", f"/rooms/{self.room}/event/$none"), not_found)
        self.assertEqual(self.alice.refusal("GET", f"/rooms/{self.room}/context/$none"), not_found)

    def test_tokens_and_directions_that_are_none_are_refused(self) -> None:
        """400 M_INVALID_PARAM."""
        path = f"/rooms/{self.room}/messages"
        for query in ({"dir": "x"}, {"from": "nonsense"}, {"to": "nonsense"}, {"limit": "many"}, {"limit": -1}):
            with self.subTest(query):
                self.assertEqual(self.alice.refusal("GET", path, query={"dir": "b", **query})[0], 400)
        self.assertEqual(self.alice.refusal("GET", path, query={"dir": "b", "filter": "{"}), (400, "M_INVALID_PARAM"))

    def test_strangers_read_nothing(self) -> None:
        """403 M_FORBIDDEN, 404 for a single event."""
        bob = self.server.new_user("bob")
        self.assertEqual(bob.refusal("GET", f"/rooms/{self.room}/messages", query={"dir": "b"}), FORBIDDEN)
        self.assertEqual(bob.refusal("GET", f"/rooms/{self.room}/event/{self.all_ids[7]}"), (404, "M_NOT_FOUND"))


PagingTestOnPostgres = on_postgres(PagingTest)
