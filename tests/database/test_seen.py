"""The writer and the listener find changes in two threads; they are handed over in one order all the same."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from homeserver.database import Change
from homeserver.database.seen import Published, SeenChanges
from homeserver.database.sqlite import SqliteEngine
from tests.database.database_case import DatabaseCase, add_thing


class Seen(DatabaseCase):
    def setUp(self) -> None:
        """Three changes, of which the first was committed just now by this process's writer."""
        super().setUp()
        self.seen = SeenChanges()
        self.seen.begin_at(self.database.feed.position)
        first = self.database.feed.position + 1
        for name in ("1", "2", "3"):
            self.transact(add_thing, name)
        self.own = Published(first, first, [Change(first, "things", "1")])
        self.connection = SqliteEngine(self.place.location).connect(is_writer=False)
        self.addCleanup(self.connection.close)
        self.handed: list[str] = []

    def hand_over(self, changes: Sequence[Change], position: int) -> None:
        """Remember them."""
        self.handed.extend(change.key for change in changes)

    def test_who_finds_more_does_not_overtake_who_is_handing_over(self) -> None:
        """The later changes wait until the earlier ones are on their way."""
        is_handing, is_overtaken = threading.Event(), threading.Event()

        def dawdle(changes: Sequence[Change], position: int) -> None:
            is_handing.set()
            is_overtaken.wait(0.3)
            self.hand_over(changes, position)

        def listen() -> None:
            self.seen.catch_up(self.connection, self.hand_over)
            is_overtaken.set()

        writer = threading.Thread(target=self.seen.take, args=(self.connection, self.own, dawdle))
        writer.start()
        is_handing.wait(10)
        listener = threading.Thread(target=listen)
        listener.start()
        writer.join(10)
        listener.join(10)

        self.assertEqual(self.handed, ["1", "2", "3"])

    def test_what_the_listener_found_first_is_not_handed_over_again(self) -> None:
        """The writer comes too late, and says nothing new."""
        self.seen.catch_up(self.connection, self.hand_over)
        self.seen.take(self.connection, self.own, self.hand_over)
        self.seen.catch_up(self.connection, self.hand_over)

        self.assertEqual(self.handed, ["1", "2", "3"])

    def test_what_others_committed_before_is_handed_over_first(self) -> None:
        """A batch that does not follow what was seen is read together with what lies between."""
        third = Published(self.own.first + 2, self.own.last + 2, [Change(self.own.first + 2, "things", "3")])
        self.seen.take(self.connection, third, self.hand_over)

        self.assertEqual(self.handed, ["1", "2", "3"])
        self.assertEqual(self.seen.position, third.last)
