"""What reading does to unread counts.

https://spec.matrix.org/v1.19/client-server-api/#marking-notifications-as-read and
https://spec.matrix.org/v1.19/client-server-api/#threaded-read-receipts
"""

from __future__ import annotations

import threading
from typing import Any

from tests.slices.notifications.unread_case import UnreadCase, counts, in_thread, related
from tests.support.databases import on_postgres


class ReadingTest(UnreadCase):
    """In the main timeline."""

    def test_what_comes_before_a_receipt_and_its_event_are_read(self) -> None:
        """What comes after is not."""
        self.mention(self.bob)
        event_id = self.alice.send(self.room, "second")
        self.mention(self.bob)
        self.alice.send(self.room, "last")
        self.assertEqual(self.unread(), (4, 2))

        self.read(event_id)
        self.assertEqual(self.unread(), (2, 1))

    def test_of_a_public_and_a_private_receipt_the_one_ahead_counts(self) -> None:
        """The events A to D of the specification."""
        events = [self.alice.send(self.room, letter) for letter in "ABCD"]
        for receipt_type, read, left in (
            ("m.read", 2, 1),
            ("m.read.private", 0, 1),
            ("m.read.private", 1, 1),
            ("m.read.private", 3, 0),
            ("m.read", 2, 0),
        ):
            self.read(events[read], receipt_type)
            self.assertEqual(self.unread(), (left, 0))

    def test_sending_is_reading(self) -> None:
        """Everything before what one sends."""
        self.mention(self.bob)
        self.bob.send(self.room, "I see")
        self.assertEqual(self.unread(), (0, 0))
        self.alice.send(self.room, "good")
        self.assertEqual(self.unread(), (1, 0))

    def test_a_new_name_is_not_reading(self) -> None:
        """Though it is an event in every room."""
        self.alice.send(self.room, "hello")
        self.bob.put(f"/profile/{self.bob.user_id}/displayname", {"displayname": "Robert"})

        self.assertEqual(self.unread(), (1, 0))

    def test_reading_wakes_the_readers_other_devices(self) -> None:
        """With the new count, also those that do not want to hear of receipts, and of private receipts."""
        deaf: dict[str, Any] = {"room": {"ephemeral": {"not_types": ["m.receipt"]}}}
        for receipt_type, wanted in (("m.read", {}), ("m.read.private", deaf)):
            event_id = self.alice.send(self.room, "hello")
            since = self.bob.sync(filter=wanted)["next_batch"]
            reading = threading.Timer(0.1, lambda event_id=event_id, kind=receipt_type: self.read(event_id, kind))
            reading.start()
            room = self.bob.sync_until(self.find_room, since, filter=wanted)
            reading.join()
            self.assertEqual(counts(room["unread_notifications"]), (0, 0))

    def test_a_receipt_for_an_event_that_is_not_here_reads_nothing(self) -> None:
        """It is taken and forgotten."""
        self.alice.send(self.room, "hello")
        self.read("$unknown:elsewhere")

        self.assertEqual(self.unread(), (1, 0))


class ThreadTest(UnreadCase):
    """Two threads, of which Alice writes all: the diagram of the specification."""

    def setUp(self) -> None:
        super().setUp()
        self.event: dict[str, str] = {}
        for letter, root in zip("ABCDEFGHI", ("", "", "A", "B", "A", "B", "A", "A", ""), strict=True):
            relation = in_thread(self.event[root]) if root else {}
            self.event[letter] = self.alice.send(self.room, letter, **relation)
        self.a, self.b = self.event["A"], self.event["B"]

    def test_threads_are_counted_apart_where_that_is_asked_for(self) -> None:
        """The roots are in the main timeline; without asking the count is of all."""
        self.assertEqual(self.by_thread(), ((3, 0), {self.a: (4, 0), self.b: (2, 0)}))
        self.assertEqual(self.unread(), (9, 0))
        self.assertNotIn("unread_thread_notifications", self.entry())

    def test_a_receipt_for_the_main_timeline_reads_that_alone(self) -> None:
        """A, B and I."""
        self.read(self.event["I"], thread_id="main")
        self.assertEqual(self.by_thread(), ((0, 0), {self.a: (4, 0), self.b: (2, 0)}))
        self.assertEqual(self.unread(), (6, 0))

    def test_a_receipt_in_a_thread_reads_that_up_to_its_event(self) -> None:
        """C and E."""
        self.read(self.event["E"], thread_id=self.a)
        self.assertEqual(self.by_thread(), ((3, 0), {self.a: (2, 0), self.b: (2, 0)}))

    def test_an_unthreaded_receipt_reads_everything_before_it(self) -> None:
        """A, B, C and D."""
        self.read(self.event["D"])
        self.assertEqual(self.by_thread(), ((1, 0), {self.a: (3, 0), self.b: (1, 0)}))
        self.read(self.event["I"], "m.read.private")
        self.assertEqual(self.by_thread(), ((0, 0), {}))

    def test_reading_all_threads_one_by_one(self) -> None:
        """Then what comes later counts again, and an older receipt brings nothing back."""
        self.read(self.event["F"], thread_id=self.b)
        self.read(self.event["H"], thread_id=self.a)
        self.assertEqual(self.by_thread(), ((3, 0), {}))
        self.alice.send(self.room, "J", **in_thread(self.a))
        self.read(self.event["C"], "m.read.private", thread_id=self.a)

        self.assertEqual(self.by_thread(), ((3, 0), {self.a: (1, 0)}))

    def test_reading_a_root_reads_nothing_of_its_thread(self) -> None:
        """Be it read as part of the main timeline or of the thread."""
        for thread_id in ("main", self.a):
            self.read(self.a, thread_id=thread_id)
        self.assertEqual(self.by_thread(), ((2, 0), {self.a: (4, 0), self.b: (2, 0)}))

    def test_sending_in_a_thread_reads_that_thread(self) -> None:
        """The rest stays as it is; sending outside reads the main timeline."""
        self.bob.send(self.room, "K", **in_thread(self.b))
        self.assertEqual(self.by_thread(), ((3, 0), {self.a: (4, 0)}))
        self.bob.send(self.room, "L")
        self.assertEqual(self.by_thread(), ((0, 0), {self.a: (4, 0)}))

    def test_mentions_are_counted_where_they_are(self) -> None:
        """And read there."""
        event_id = self.mention(self.bob, **in_thread(self.b))
        self.mention(self.bob)
        self.assertEqual(self.by_thread(), ((4, 1), {self.a: (4, 0), self.b: (3, 1)}))
        self.read(event_id, thread_id=self.b)
        self.assertEqual(self.by_thread(), ((4, 1), {self.a: (4, 0)}))

    def test_the_thread_of_an_event_is_not_another(self) -> None:
        """400 M_INVALID_PARAM."""
        for letter, thread_id in (("C", "main"), ("C", self.b), ("I", self.a), ("A", self.b)):
            path = f"/rooms/{self.room}/receipt/m.read/{self.event[letter]}"
            self.assertEqual(self.bob.refusal("POST", path, {"thread_id": thread_id}), (400, "M_INVALID_PARAM"))

    def test_what_relates_to_an_event_of_a_thread_is_in_it(self) -> None:
        """Over three others at most; what relates to the root is not."""
        parent = self.event["C"]
        for hops in range(1, 5):
            parent = self.mention(self.bob, **related("m.reference", parent))
            found = self.by_thread()[1][self.a]
            self.assertEqual(found, (4 + min(hops, 3), min(hops, 3)))
        self.mention(self.bob, **related("m.reference", self.a))

        self.assertEqual(self.by_thread(), ((5, 2), {self.a: (7, 3), self.b: (2, 0)}))

    def test_a_redacted_event_of_a_thread_counts_no_more(self) -> None:
        """What relates to it still belongs to the thread."""
        self.alice.put(f"/rooms/{self.room}/redact/{self.event['G']}/once", {})
        self.mention(self.bob, **related("m.reference", self.event["G"]))

        self.assertEqual(self.by_thread()[1][self.a], (4, 1))


ReadingTestOnPostgres = on_postgres(ReadingTest)
ThreadTestOnPostgres = on_postgres(ThreadTest)
