"""The event nearest to a moment.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event
"""

from __future__ import annotations

from typing import Any

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase, HomeserverCase

NOT_FOUND = (404, "M_NOT_FOUND")


def path_of(room: str) -> str:
    """The endpoint."""
    return f"/_matrix/client/v1/rooms/{room}/timestamp_to_event"


def sent_ts(user: User, room: str, event_id: str) -> int:
    """When an event was sent."""
    moment: int = user.get(f"/rooms/{room}/event/{event_id}")["origin_server_ts"]
    return moment


class JumpToDateTest(HomeserverCase):
    """A room with two messages."""

    def setUp(self) -> None:
        self.alice = self.new_user("alice")
        self.room = self.alice.create_room(preset="public_chat")
        self.first, self.last = (self.alice.send(self.room, text) for text in ("first", "last"))

    def _nearest(self, moment_ms: int, direction: str, user: User | None = None) -> str:
        query: dict[str, Any] = {"ts": moment_ms, "dir": direction}
        event_id: str = (user or self.alice).get(path_of(self.room), query)["event_id"]
        return event_id

    def test_both_directions(self) -> None:
        """Forwards from long ago is the room's beginning, backwards from the future its end."""
        create = self.alice.get(f"/rooms/{self.room}/messages", {"dir": "f", "limit": 1})["chunk"][0]["event_id"]
        end = sent_ts(self.alice, self.room, self.last)

        self.assertEqual(self._nearest(0, "f"), create)
        self.assertEqual(self._nearest(end + 1, "b"), self.last)
        self.assertEqual(self._nearest(end, "b"), self.last)

    def test_nothing_there(self) -> None:
        """Beyond the beginning and the end."""
        future = {"ts": sent_ts(self.alice, self.room, self.last) + 1, "dir": "f"}

        self.assertEqual(self.alice.refusal("GET", path_of(self.room), query=future), NOT_FOUND)
        self.assertEqual(self.alice.refusal("GET", path_of(self.room), query={"ts": 0, "dir": "b"}), NOT_FOUND)

    def test_only_what_may_be_seen(self) -> None:
        """A later member of a room whose history begins with one's join finds the join; others find nothing."""
        self.alice.set_state(self.room, "m.room.history_visibility", {"history_visibility": "joined"})
        self.alice.send(self.room, "unseen")
        bob = self.new_user("bob")
        bob.join(self.room)

        seen = bob.get(f"/rooms/{self.room}/event/{self._nearest(sent_ts(self.alice, self.room, self.last), 'f', bob)}")
        self.assertNotEqual(seen["content"].get("body"), "unseen")
        query = {"ts": 0, "dir": "f"}
        self.assertEqual(self.new_user("eve").refusal("GET", path_of(self.room), query=query), (403, "M_FORBIDDEN"))

    def test_wrong_requests(self) -> None:
        """Both arguments are needed and checked."""
        for query, errcode in (
            ({"dir": "f"}, "M_MISSING_PARAM"),
            ({"ts": 1}, "M_MISSING_PARAM"),
            ({"ts": "now", "dir": "f"}, "M_INVALID_PARAM"),
            ({"ts": 1, "dir": "up"}, "M_INVALID_PARAM"),
        ):
            with self.subTest(query):
                self.assertEqual(self.alice.refusal("GET", path_of(self.room), query=query), (400, errcode))


class FederatedJumpTest(FederationCase):
    """History that only the other server has."""

    def test_history_from_before_the_join(self) -> None:
        """It is asked for there, fetched, and can be read here."""
        alice, dora = self.here.new_user("alice"), self.there.new_user("dora")
        room = dora.create_room(preset="public_chat")
        old = dora.send(room, "old")
        moment_ms = sent_ts(dora, room, old)
        alice.join(room, via=self.there.name)

        found = alice.get(path_of(room), {"ts": moment_ms, "dir": "b"})

        self.assertEqual(found, {"event_id": old, "origin_server_ts": moment_ms})
        self.assertEqual(alice.get(f"/rooms/{room}/context/{old}")["event"]["content"]["body"], "old")


JumpToDateTestOnPostgres = on_postgres(JumpToDateTest)
