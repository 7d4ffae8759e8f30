"""Which events count as unread, and for whom.

https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications
"""

from __future__ import annotations

import threading
from typing import Any

from tests.slices.notifications.unread_case import UnreadCase, counts, related
from tests.support.databases import on_postgres


class UnreadCountsTest(UnreadCase):
    """Nobody has changed any rules."""

    def test_messages_of_others_count(self) -> None:
        """Plain and encrypted ones, and calls."""
        self.assertEqual(self.unread(), (0, 0))
        self.alice.send(self.room, "hello")
        self.send("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"})
        self.send("m.call.invite", {"call_id": "c", "version": "1", "lifetime": 1, "offer": {}})

        self.assertEqual(self.unread(), (3, 0))
        self.assertEqual(self.unread(self.alice), (0, 0))

    def test_what_notifies_nobody_does_not_count(self) -> None:
        """Notices, edits, reactions, state, redactions, unknown types."""
        message = self.alice.send(self.room, "hello")
        self.read(message)
        self.alice.send(self.room, "beep", msgtype="m.notice")
        self.alice.send(self.room, "* hello!", **related("m.replace", message))
        self.send("m.reaction", related("m.annotation", message))
        self.alice.set_state(self.room, "m.room.name", {"name": "Hello"})
        self.alice.set_state(self.room, "m.room.server_acl", {"allow": ["*"], "m.mentions": {}})
        self.alice.put(f"/profile/{self.alice.user_id}/displayname", {"displayname": "Alice"})
        self.send("org.example.odd", {"body": "hello"})

        self.assertEqual(self.unread(), (0, 0))

    def test_a_mention_is_highlighted_for_whom_it_mentions(self) -> None:
        """Also one that an edit adds, as the rule for mentions comes first."""
        carol = self.new_user("carol")
        carol.join(self.room)
        message = self.mention(self.bob)
        self.assertEqual((self.unread(), self.unread(carol)), ((1, 1), (1, 0)))
        self.mention(self.bob, **related("m.replace", message))
        self.mention(self.bob, msgtype="m.notice")

        self.assertEqual((self.unread(), self.unread(carol)), ((2, 2), (1, 0)))

    def test_odd_mentions_are_messages_as_any_other(self) -> None:
        """Of nobody here, of oneself, of what is no user."""
        odd: list[Any] = [[self.alice.user_id, "@nobody:elsewhere"], [5, None, {}], "bob", None]
        for user_ids in odd:
            self.alice.send(self.room, "odd", **{"m.mentions": {"user_ids": user_ids}})
        self.alice.send(self.room, "odd", **{"m.mentions": self.bob.user_id})

        self.assertEqual(self.unread(), (5, 0))

    def test_who_has_the_power_mentions_the_room(self) -> None:
        """50 by default: Alice, who founded it, but not Carol."""
        carol = self.new_user("carol")
        carol.join(self.room)
        everybody = {"m.mentions": {"room": True}}
        self.alice.send(self.room, "all of you", **everybody)
        self.assertEqual((self.unread(), self.unread(carol)), ((1, 1), (1, 1)))

        carol.send(self.room, "all of you", **everybody)
        self.assertEqual((self.unread(), self.unread(self.alice)), ((2, 1), (1, 0)))

    def test_a_room_that_ends_is_highlighted(self) -> None:
        """By its tombstone."""
        self.alice.set_state(self.room, "m.room.tombstone", {"body": "moved", "replacement_room": "!other:x"})

        self.assertEqual(self.unread(), (1, 1))

    def test_a_redacted_event_counts_no_more(self) -> None:
        """Nor does a mention in it; redacting it twice changes nothing."""
        self.alice.send(self.room, "stays")
        for event_id in (self.alice.send(self.room, "plain"), self.mention(self.bob)):
            for txn_id in ("1", "2"):
                self.alice.put(f"/rooms/{self.room}/redact/{event_id}/{event_id[1:9]}{txn_id}", {})

        self.assertEqual(self.unread(), (1, 0))

    def test_it_begins_at_the_join(self) -> None:
        """And again at a later one."""
        self.alice.send(self.room, "before")
        carol = self.new_user("carol")
        carol.join(self.room)
        self.assertEqual(self.unread(carol), (0, 0))
        self.mention(carol)
        carol.put(f"/profile/{carol.user_id}/displayname", {"displayname": "Carol"})
        self.assertEqual(self.unread(carol), (1, 1))

        carol.change(self.room, "leave")
        self.mention(carol)
        carol.join(self.room)
        self.assertEqual(self.unread(carol), (0, 0))

    def test_an_event_comes_with_its_count(self) -> None:
        """In the same answer of a long poll."""
        for number in range(1, 4):
            since = self.bob.sync()["next_batch"]
            sending = threading.Timer(0.1, lambda: self.mention(self.bob))
            sending.start()
            room = self.bob.sync_until(self.find_room, since)
            sending.join()
            self.assertEqual(len(room["timeline"]["events"]), 1)
            self.assertEqual(counts(room["unread_notifications"]), (number, number))

    def test_other_rooms_have_their_own_counts(self) -> None:
        """Reading one leaves the others as they are."""
        other = self.alice.create_room(preset="public_chat")
        self.bob.join(other)
        event_id = self.alice.send(self.room, "here")
        self.alice.send(other, "there")
        self.read(event_id)

        self.assertEqual((self.unread(), self.unread(room_id=other)), ((0, 0), (1, 0)))


UnreadCountsTestOnPostgres = on_postgres(UnreadCountsTest)
