"""Account data, tags and read markers, as clients see them."""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


def _of_room(answer: Json, room_id: str) -> dict[str, Any]:
    """Type to content of a room's account data in a sync."""
    room = answer.get("rooms", {}).get("join", {}).get(room_id, {})
    return {event["type"]: event["content"] for event in room.get("account_data", {}).get("events", [])}


def _global(answer: Json) -> dict[str, Any]:
    """The same of what belongs to no room."""
    return {event["type"]: event["content"] for event in answer.get("account_data", {}).get("events", [])}


class AccountDataTest(HomeserverCase):
    """Alice, and a room of hers."""

    def setUp(self) -> None:
        """Anew for each test."""
        self.alice = self.new_user("alice")
        self.room_id = self.alice.create_room()
        self.mine = f"/user/{self.alice.user_id}"
        self.in_room = f"{self.mine}/rooms/{self.room_id}"

    def other_device(self) -> User:
        """A second login."""
        return self.alice.log_in_again()

    def test_settings_come_to_all_devices(self) -> None:
        """In a first sync and in a later one; they can be asked for too."""
        tablet = self.other_device()
        since = tablet.sync()["next_batch"]
        self.alice.put(f"{self.mine}/account_data/org.example.theme", {"dark": True})

        self.assertEqual(self.alice.get(f"{self.mine}/account_data/org.example.theme"), {"dark": True})
        self.assertEqual(tablet.sync_until(_global, since), {"org.example.theme": {"dark": True}})
        self.assertEqual(_global(self.other_device().sync())["org.example.theme"], {"dark": True})

    def test_settings_of_a_room_come_with_the_room(self) -> None:
        """And stay out of the global ones."""
        since = self.alice.sync()["next_batch"]
        self.alice.put(f"{self.in_room}/account_data/m.marked_unread", {"unread": True})
        answer = self.alice.sync(since)

        self.assertEqual(_of_room(answer, self.room_id), {"m.marked_unread": {"unread": True}})
        self.assertEqual(_global(answer), {})
        self.assertEqual(self.alice.refusal("GET", f"{self.mine}/account_data/m.marked_unread"), (404, "M_NOT_FOUND"))

    def test_tags(self) -> None:
        """Put, listed, synced, taken away and synced again."""
        self.alice.put(f"{self.in_room}/tags/m.favourite", {"order": 0.1})
        self.alice.put(f"{self.in_room}/tags/u.work", {})
        tags = {"m.favourite": {"order": 0.1}, "u.work": {}}
        first = self.alice.sync()
        self.assertEqual(self.alice.get(f"{self.in_room}/tags"), {"tags": tags})
        self.assertEqual(_of_room(first, self.room_id)["m.tag"], {"tags": tags})

        self.alice.delete(f"{self.in_room}/tags/u.work")

        later = self.alice.sync(first["next_batch"])
        self.assertEqual(_of_room(later, self.room_id), {"m.tag": {"tags": {"m.favourite": {"order": 0.1}}}})

    def test_wrong_orders_are_refused(self) -> None:
        """A number from 0 to 1."""
        path = f"{self.in_room}/tags/u.work"

        self.assertEqual(self.alice.refusal("PUT", path, {"order": "first"}), (400, "M_BAD_JSON"))
        self.assertEqual(self.alice.refusal("PUT", path, {"order": 2}), (400, "M_INVALID_PARAM"))
        self.alice.put(path, {"order": 1})

    def test_the_read_marker_moves_forward(self) -> None:
        """It is set with its own request, and read as account data."""
        first, second = (self.alice.send(self.room_id, text) for text in ("one", "two"))
        since = self.alice.sync()["next_batch"]
        for event_id in (second, first):
            self.alice.post(f"/rooms/{self.room_id}/read_markers", {"m.fully_read": event_id})

        marker = {"event_id": second}
        self.assertEqual(self.alice.get(f"{self.in_room}/account_data/m.fully_read"), marker)
        self.assertEqual(_of_room(self.alice.sync(since), self.room_id)["m.fully_read"], marker)

    def test_what_the_server_keeps_can_be_read_and_not_set(self) -> None:
        """In rooms and out of them."""
        for data_type in ("m.fully_read", "m.push_rules"):
            for place in (self.mine, self.in_room):
                refusal = self.alice.refusal("PUT", f"{place}/account_data/{data_type}", {})
                self.assertEqual(refusal, (405, "M_BAD_JSON"))
        self.assertEqual(self.alice.get(f"{self.mine}/account_data/m.push_rules"), self.alice.get("/pushrules/"))

    def test_others_are_kept_out(self) -> None:
        """From reading and from setting."""
        bob = self.new_user("bob")
        for method, path, body in (
            ("GET", f"{self.mine}/account_data/m.direct", None),
            ("PUT", f"{self.mine}/account_data/m.direct", {}),
            ("GET", f"{self.in_room}/account_data/m.tag", None),
            ("PUT", f"{self.in_room}/account_data/m.tag", {}),
            ("GET", f"{self.in_room}/tags", None),
            ("PUT", f"{self.in_room}/tags/u.x", {}),
            ("DELETE", f"{self.in_room}/tags/u.x", None),
        ):
            with self.subTest(f"{method} {path}"):
                self.assertEqual(bob.refusal(method, path, body), (403, "M_FORBIDDEN"))

    def test_bad_requests(self) -> None:
        """What is no object, and what is no room."""
        path = f"{self.mine}/account_data/org.example.x"
        no_room = f"{self.mine}/rooms/@alice:our.example"

        self.assertEqual(self.alice.refusal("PUT", path, ["list"]), (400, "M_BAD_JSON"))
        self.assertEqual(self.alice.request("PUT", path, raw=b"{").error, (400, "M_NOT_JSON"))
        self.assertEqual(self.alice.refusal("PUT", f"{no_room}/account_data/m.x", {}), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.alice.refusal("GET", f"{no_room}/tags"), (400, "M_INVALID_PARAM"))


AccountDataTestOnPostgres = on_postgres(AccountDataTest)
