"""What users of other servers write counts as what users of one's own do."""

from __future__ import annotations

from tests.slices.notifications.unread_case import BY_THREAD, counts, in_thread
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase


class FederatedTest(FederationCase):
    """Alice is here, Bob and Carol there."""

    def setUp(self) -> None:
        self.alice = self.here.new_user("alice")
        self.bob, self.carol = self.there.new_user("bob"), self.there.new_user("carol")
        self.room = self.alice.create_room(preset="public_chat")
        self.alice.send(self.room, "before")
        for user in (self.bob, self.carol):
            user.join(self.room, self.here.name)

    def unread(self, user: User, last_event: str) -> tuple[tuple[int, int], dict[str, tuple[int, int]]]:
        """(main timeline, threads), once an event has come."""
        user.wait_for_event(self.room, last_event)
        entry = user.sync(filter=BY_THREAD)["rooms"]["join"][self.room]
        threads = entry.get("unread_thread_notifications", {})
        return counts(entry["unread_notifications"]), {root: counts(count) for root, count in threads.items()}

    def test_messages_mentions_and_threads_count(self) -> None:
        """From the join on, for whom they are meant."""
        root = self.alice.send(self.room, "hello")
        self.alice.send(self.room, "you", **{"m.mentions": {"user_ids": [self.bob.user_id]}})
        last = self.alice.send(self.room, "more", **in_thread(root))

        self.assertEqual(self.unread(self.bob, last), ((2, 1), {root: (1, 0)}))
        self.assertEqual(self.unread(self.carol, last), ((2, 0), {root: (1, 0)}))

    def test_reading_there_counts_nothing_here(self) -> None:
        """Each server keeps the counts of its own users."""
        event_id = self.bob.send(self.room, "hello")
        self.assertEqual(self.unread(self.alice, event_id), ((1, 0), {}))
        self.carol.post(f"/rooms/{self.room}/receipt/m.read/{event_id}")
        last = self.carol.send(self.room, "read it")

        self.assertEqual(self.unread(self.alice, last), ((2, 0), {}))
        self.assertEqual(self.unread(self.carol, last), ((0, 0), {}))


FederatedTestOnPostgres = on_postgres(FederatedTest)
