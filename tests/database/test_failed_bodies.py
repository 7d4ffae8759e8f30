"""Transaction bodies that fail: they leave nothing behind, and take nothing from those that do not."""

from __future__ import annotations

import unittest

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from homeserver.database import Change, Transaction, open_database
from tests.support.own_reactor import run


class Spoilt(Exception):
    """What a body of these tests fails with."""


def publish(tx: Transaction, key: str) -> int:
    return tx.publish("tea", key)


def publish_and_fail(tx: Transaction, key: str) -> None:
    tx.publish("tea", key)
    raise Spoilt(key)


class FailedBodies(unittest.TestCase):
    def setUp(self) -> None:
        self.database = open_database("sqlite", ":memory:", reactor)
        self.database.start([])
        self.addCleanup(self.database.close)
        self.delivered: list[Change] = []
        self.database.feed.subscribe("tea", self.delivered.extend)

    async def fail_once(self, key: str) -> None:
        with self.assertRaises(Spoilt):
            await self.database.transact(publish_and_fail, key)

    def test_a_failed_body_leaves_the_position_where_it_was(self) -> None:
        """A position nothing was committed at would look like news."""
        before = self.database.feed.position

        run(self.fail_once("spilt"))

        self.assertEqual((self.database.feed.position, self.delivered), (before, []))

    def test_what_is_committed_after_a_failed_body_is_delivered(self) -> None:
        """Whoever waits for it is woken."""
        run(self.fail_once("spilt"))

        position = run(self.database.transact(publish, "poured"))

        self.assertEqual(self.delivered, [Change(position, "tea", "poured")])
        self.assertEqual(self.database.feed.position, position)

    def test_good_bodies_beside_failed_ones_are_all_delivered_in_order(self) -> None:
        """Also when they share a commit."""

        async def many() -> list[int]:
            good, bad = [], []
            for number in range(50):
                bad.append(Deferred.fromCoroutine(self.fail_once(f"spilt {number}")))
                good.append(Deferred.fromCoroutine(self.database.transact(publish, f"poured {number}")))
            await gatherResults(bad)
            return await gatherResults(good)

        positions = run(many())

        self.assertEqual(positions, sorted(set(positions)))
        expected = [Change(position, "tea", f"poured {number}") for number, position in enumerate(positions)]
        self.assertEqual(self.delivered, expected)
        self.assertEqual(self.database.feed.position, positions[-1])
