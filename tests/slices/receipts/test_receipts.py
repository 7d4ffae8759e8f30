"""Read receipts.

https://spec.matrix.org/v1.19/client-server-api/#receipts
"""

from __future__ import annotations

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class ReceiptsTest(HomeserverCase):
    """Bob reads what Alice wrote."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat")
        self.bob.join(self.room)
        self.first, self.second = self.alice.send(self.room, "first"), self.alice.send(self.room, "second")

    def read(self, event_id: str, receipt_type: str = "m.read", **body: str) -> None:
        """Bob reads up to here."""
        self.bob.post(f"/rooms/{self.room}/receipt/{receipt_type}/{event_id}", body)

    def receipts(self, user: User, since: str | None = None) -> Json:
        """The content of the `m.receipt` event that a user is shown."""
        room = user.sync(since).get("rooms", {}).get("join", {}).get(self.room, {})
        events = [one for one in room.get("ephemeral", {}).get("events", []) if one["type"] == "m.receipt"]
        self.assertLessEqual(len(events), 1)
        for event in events:
            self.assertEqual(set(event), {"type", "content"})
        found: Json = events[0]["content"] if events else {}
        return found

    def test_a_receipt_is_shown_to_everybody_in_the_room(self) -> None:
        """With its time; a later one takes its place."""
        self.read(self.first)
        self.assertGreater(self.receipts(self.alice)[self.first]["m.read"][self.bob.user_id]["ts"], 1_600_000_000_000)
        since = self.alice.sync()["next_batch"]
        self.read(self.second)

        self.assertEqual(set(self.receipts(self.alice, since)), {self.second})
        self.assertEqual(set(self.receipts(self.alice)), {self.second})

    def test_a_receipt_does_not_go_back(self) -> None:
        """Reading something older again changes nothing."""
        self.read(self.second)
        since = self.alice.sync()["next_batch"]
        self.read(self.first)
        self.assertEqual(self.receipts(self.alice, since), {})
        self.assertEqual(set(self.receipts(self.alice)), {self.second})

    def test_a_private_receipt_is_shown_to_its_user_alone(self) -> None:
        """And still ends the unread messages."""
        self.read(self.second, "m.read.private")
        self.assertEqual(self.receipts(self.alice), {})
        self.assertIn(self.bob.user_id, self.receipts(self.bob)[self.second]["m.read.private"])
        unread = self.bob.sync()["rooms"]["join"][self.room]["unread_notifications"]
        self.assertEqual(unread["notification_count"], 0)

    def test_threads_have_receipts_of_their_own(self) -> None:
        """Beside the one of the room."""
        self.read(self.second, thread_id="main")
        self.read(self.first)
        content = self.receipts(self.alice)
        self.assertEqual(content[self.second]["m.read"][self.bob.user_id]["thread_id"], "main")
        self.assertNotIn("thread_id", content[self.first]["m.read"][self.bob.user_id])

    def test_marker_and_receipts_move_at_once(self) -> None:
        """`/read_markers`."""
        body = {"m.fully_read": self.first, "m.read": self.second}
        self.bob.post(f"/rooms/{self.room}/read_markers", body)

        path = f"/user/{self.bob.user_id}/rooms/{self.room}/account_data/m.fully_read"
        self.assertEqual(self.bob.get(path), {"event_id": self.first})
        self.assertEqual(set(self.receipts(self.alice)), {self.second})

    def test_names_that_are_unknown_or_older_do_no_harm(self) -> None:
        """Clients send all they know of at once."""
        names = ("m.fully_read", "m.read", "m.read.private", "org.matrix.msc2285.read.private", "org.example.read")
        self.bob.post(f"/rooms/{self.room}/read_markers", dict.fromkeys(names, self.second))

        self.assertIn(self.bob.user_id, self.receipts(self.alice)[self.second]["m.read"])

    def test_receipts_of_strangers_and_of_unknown_types_are_refused(self) -> None:
        """403 M_FORBIDDEN, 400 M_INVALID_PARAM."""
        carol = self.new_user("carol")
        path = f"/rooms/{self.room}/receipt"
        self.assertEqual(carol.refusal("POST", f"{path}/m.read/{self.first}", {}), (403, "M_FORBIDDEN"))
        self.assertEqual(self.bob.refusal("POST", f"{path}/m.seen/{self.first}", {}), (400, "M_INVALID_PARAM"))
        bad = self.bob.refusal("POST", f"{path}/m.read/{self.first}", {"thread_id": ""})
        self.assertEqual(bad, (400, "M_INVALID_PARAM"))


ReceiptsTestOnPostgres = on_postgres(ReceiptsTest)
