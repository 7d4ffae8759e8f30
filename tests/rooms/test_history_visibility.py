"""Who reads what of a room's past.

https://spec.matrix.org/v1.19/client-server-api/#room-history-visibility
"""

from __future__ import annotations

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

SETTINGS = ("world_readable", "shared", "invited", "joined")
#: Of the messages `a` before the invite, `b` between invite and join, `c` while joined, `d` after leaving: those that
#: the user reads while joined, and after leaving.
WHILE_JOINED = {"world_readable": "abc", "shared": "abc", "invited": "bc", "joined": "c"}
AFTER_LEAVING = {"world_readable": "abcd", "shared": "abc", "invited": "bc", "joined": "c"}


class HistoryVisibilityTest(HomeserverCase):
    """Alice's rooms of each setting, and Bob, who is invited, joins and leaves."""

    def setUp(self) -> None:
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))

    def room_of(self, setting: str) -> str:
        """A room whose events all have this visibility."""
        state = {"type": "m.room.history_visibility", "content": {"history_visibility": setting}}
        return self.alice.create_room(preset="public_chat", initial_state=[state])

    def read(self, user: User, room_id: str, sent: dict[str, str]) -> str:
        """The messages that a user reads, by paging; asking for each by itself has to give the same."""
        chunk = user.get(f"/rooms/{room_id}/messages", {"dir": "b", "limit": 100})["chunk"]
        paged = "".join(event["content"]["body"] for event in chunk if event["type"] == "m.room.message")[::-1]
        single = ""
        for text, event_id in sent.items():
            statuses = {
                user.request("GET", f"/rooms/{room_id}/{kind}/{event_id}").status for kind in ("event", "context")
            }
            self.assertIn(statuses, ({200}, {404}))
            single += text if statuses == {200} else ""
        self.assertEqual(paged, single)
        return paged

    def test_each_setting_for_who_joins_and_leaves(self) -> None:
        """The table above."""
        for setting in SETTINGS:
            with self.subTest(setting):
                room, sent = self.room_of(setting), {}
                sent["a"] = self.alice.send(room, "a")
                self.alice.change(room, "invite", self.bob)
                sent["b"] = self.alice.send(room, "b")
                self.bob.join(room)
                sent["c"] = self.alice.send(room, "c")
                self.assertEqual(self.read(self.bob, room, sent), WHILE_JOINED[setting])
                self.bob.change(room, "leave")
                sent["d"] = self.alice.send(room, "d")
                self.assertEqual(self.read(self.bob, room, sent), AFTER_LEAVING[setting])

    def test_strangers_read_world_readable_rooms_alone(self) -> None:
        """Messages and state; everywhere else 403 M_FORBIDDEN."""
        for setting in SETTINGS:
            with self.subTest(setting):
                room = self.room_of(setting)
                sent = {"a": self.alice.send(room, "a")}
                if setting == "world_readable":
                    self.assertEqual(self.read(self.carol, room, sent), "a")
                    self.assertEqual(self.carol.state(room, "m.room.join_rules"), {"join_rule": "public"})
                    continue
                for path in (f"/rooms/{room}/messages", f"/rooms/{room}/state", f"/rooms/{room}/members"):
                    self.assertEqual(self.carol.refusal("GET", path, query={"dir": "b"}), (403, "M_FORBIDDEN"))
                self.assertEqual(self.carol.refusal("GET", f"/rooms/{room}/event/{sent['a']}"), (404, "M_NOT_FOUND"))

    def test_the_setting_of_its_own_time_counts_for_an_event(self) -> None:
        """A room that is opened later keeps closed what was said before, and one that is closed keeps open."""
        room = self.room_of("joined")
        sent = {"a": self.alice.send(room, "a")}
        change = self.alice.set_state(room, "m.room.history_visibility", {"history_visibility": "shared"})
        sent["b"] = self.alice.send(room, "b")
        self.alice.set_state(room, "m.room.history_visibility", {"history_visibility": "joined"})
        sent["c"] = self.alice.send(room, "c")

        self.bob.join(room)

        self.assertEqual(self.read(self.bob, room, sent), "b")
        self.bob.get(f"/rooms/{room}/event/{change}")

    def test_what_opens_a_room_does_not_show_what_it_replaced(self) -> None:
        """Neither its content nor its id, to those who could not read it; members are shown both."""
        room = self.room_of("shared")
        change = self.alice.set_state(room, "m.room.history_visibility", {"history_visibility": "world_readable"})
        name = self.alice.set_state(room, "m.room.name", {"name": "open"})
        self.alice.set_state(room, "m.room.topic", {"topic": "open"})
        topic = self.alice.set_state(room, "m.room.topic", {"topic": "more open"})
        told = {"replaces_state", "prev_content", "prev_sender"}

        for user, shown in ((self.carol, set()), (self.alice, told)):
            chunk = user.get(f"/rooms/{room}/messages", {"dir": "b", "limit": 50})["chunk"]
            events = {event["event_id"]: event for event in chunk}
            self.assertEqual(events[change]["unsigned"].keys() & told, shown)
            self.assertEqual(events[topic]["unsigned"].keys() & told, told)
            self.assertEqual(events[name]["unsigned"].keys() & told, set())

    def test_who_comes_back_reads_what_was_said_in_the_meantime_if_it_is_shared(self) -> None:
        """And only what was said while they were there where it is for the joined."""
        for setting, expected in (("shared", "abc"), ("joined", "ac")):
            with self.subTest(setting):
                room, sent = self.room_of(setting), {}
                self.bob.join(room)
                sent["a"] = self.alice.send(room, "a")
                self.bob.change(room, "leave")
                sent["b"] = self.alice.send(room, "b")
                self.bob.join(room)
                sent["c"] = self.alice.send(room, "c")
                self.assertEqual(self.read(self.bob, room, sent), expected)

    def test_banned_users_read_what_they_could_read_before(self) -> None:
        """Nothing of what is said after the ban."""
        room, sent = self.room_of("shared"), {}
        self.bob.join(room)
        sent["a"] = self.alice.send(room, "a")
        self.alice.change(room, "ban", self.bob)
        sent["b"] = self.alice.send(room, "b")
        self.assertEqual(self.read(self.bob, room, sent), "a")


HistoryVisibilityTestOnPostgres = on_postgres(HistoryVisibilityTest)
