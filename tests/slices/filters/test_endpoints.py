"""Filters, as clients see them."""

from __future__ import annotations

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class FilterTest(HomeserverCase):
    """Alice's filters."""

    def setUp(self) -> None:
        """Anew for each test."""
        self.alice = self.new_user("alice")
        self.path = f"/user/{self.alice.user_id}/filter"

    def test_a_kept_filter_works_as_one_that_is_given(self) -> None:
        """`/sync` finds it by its id."""
        room_id = self.alice.create_room()
        self.alice.send(room_id, "hello")
        wanted = {"room": {"timeline": {"types": ["m.room.message"]}, "state": {"types": []}}}
        filter_id = self.alice.post(self.path, wanted)["filter_id"]

        room = self.alice.sync(filter=filter_id)["rooms"]["join"][room_id]

        self.assertEqual([event["type"] for event in room["timeline"]["events"]], ["m.room.message"])
        self.assertEqual(self.alice.get(f"{self.path}/{filter_id}"), wanted)

    def test_equal_filters_have_one_id(self) -> None:
        """However often a client logs in."""
        ids = {self.alice.post(self.path, {"room": {"timeline": {"limit": 7}}})["filter_id"] for _ in range(3)}

        self.assertEqual(len(ids), 1)

    def test_what_is_wrong_is_refused(self) -> None:
        """Other users' filters, unknown ones, and what is no filter."""
        bob = self.new_user("bob")
        filter_id = self.alice.post(self.path, {})["filter_id"]

        self.assertEqual(bob.refusal("POST", self.path, {}), (403, "M_FORBIDDEN"))
        self.assertEqual(bob.refusal("GET", f"{self.path}/{filter_id}"), (403, "M_FORBIDDEN"))
        self.assertEqual(self.alice.refusal("GET", f"{self.path}/unknown"), (404, "M_NOT_FOUND"))
        self.assertEqual(self.alice.refusal("POST", self.path, {"presence": 1}), (400, "M_BAD_JSON"))
        self.assertEqual(self.alice.refusal("GET", "/sync", query={"filter": "unknown"}), (404, "M_NOT_FOUND"))


FilterTestOnPostgres = on_postgres(FilterTest)
