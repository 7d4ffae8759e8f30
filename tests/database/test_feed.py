"""The feed of changes, as one process sees its own."""

from __future__ import annotations

from typing import Any

from homeserver.database import Change, Transaction
from tests.database.database_case import DatabaseCase, Wrong, add_and_fail, add_thing, names
from tests.support.databases import on_postgres
from tests.support.own_reactor import run


class Feed(DatabaseCase):
    def test_a_change_is_delivered_before_its_result(self) -> None:
        """Whoever waits for a transaction finds its change delivered and the position moved."""
        heard = self.heard(self.database)

        async def write() -> tuple[list[str], int]:
            await self.database.transact(add_thing, "chair")
            return list(heard), self.database.feed.position

        keys, position = run(write())
        self.assertEqual(keys, ["chair"])
        self.assertEqual(position, self.read(lambda tx: tx.value("SELECT position FROM stream_position")))

    def test_changes_come_in_order_those_of_a_commit_together(self) -> None:
        """By topic; a failed body's are left out."""
        calls: list[list[Change]] = []
        self.database.feed.subscribe("things", calls.append)
        bodies = [add_thing, add_and_fail, add_thing, add_thing]
        self.at_once([self.database.transact(body, f"{index}") for index, body in enumerate(bodies)])

        self.assertEqual([[change.key for change in call] for call in calls], [["0", "2", "3"]])
        positions = [change.position for change in calls[0]]
        self.assertEqual(positions, list(range(positions[0], positions[0] + 3)))

    def test_a_failed_transaction_moves_no_position(self) -> None:
        """The next one has the position it would have had, and is heard of."""
        heard = self.heard(self.database)
        before = self.database.feed.position
        self.assertRaises(Wrong, self.transact, add_and_fail, "chair")
        self.assertEqual(self.database.feed.position, before)

        self.transact(add_thing, "table")
        self.assertEqual(heard, ["table"])
        self.assertEqual(self.database.feed.position, before + 1)

    def test_everything_up_to_the_position_is_readable(self) -> None:
        """A subscriber that reads at once finds what it was told of."""
        found: list[list[str]] = []

        async def look(changes: list[Change]) -> None:
            found.append([name for name in await self.database.glance(names) if name == changes[0].key])

        waiting: list[Any] = []
        self.database.feed.subscribe("things", lambda changes: waiting.append(look(changes)))
        for index in range(5):
            self.transact(add_thing, f"{index}")
            run(waiting.pop())

        self.assertEqual(found, [["0"], ["1"], ["2"], ["3"], ["4"]])

    def test_a_subscriber_that_fails_is_no_obstacle(self) -> None:
        """The others are called all the same."""

        def fail(changes: list[Change]) -> None:
            raise Wrong

        self.database.feed.subscribe("things", fail)
        heard = self.heard(self.database)
        with self.assertLogs("homeserver.database.feed", "ERROR"):
            self.transact(add_thing, "chair")

        self.assertEqual(heard, ["chair"])

    def test_a_position_without_a_change_is_delivered_too(self) -> None:
        """Rows may have a position that wakes nobody."""

        def take(tx: Transaction) -> int:
            return tx.position

        position = self.transact(take)

        self.assertEqual(self.database.feed.position, position)
        self.assertEqual(self.transact(take), position + 1)

    def test_the_position_outlives_a_restart(self) -> None:
        """It goes on from where it was, and what was delivered is not delivered again."""
        self.transact(add_thing, "chair")
        position = self.database.feed.position
        self.database.close()
        self.database = self.open()
        heard = self.heard(self.database)
        self.assertEqual(self.database.feed.position, position)

        self.transact(add_thing, "table")
        self.assertEqual(heard, ["table"])
        self.assertEqual(self.database.feed.position, position + 1)

    def test_what_is_announced_reaches_its_topic_at_once(self) -> None:
        """And nothing else; nothing of it is stored."""
        heard: list[Any] = []
        self.database.feed.subscribe_volatile("typing", lambda key, value: heard.append((key, value)))

        async def announce() -> list[Any]:
            self.database.announce("typing", "!room", {"users": ["@a:x"]})
            self.database.announce("presence", "@a:x", {})
            return list(heard)

        self.assertEqual(run(announce()), [("!room", {"users": ["@a:x"]})])
        self.assertEqual(self.read(lambda tx: tx.all("SELECT * FROM changes")), [])


FeedOnPostgres = on_postgres(Feed)
