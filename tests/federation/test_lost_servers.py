"""Servers that have been away for so long that nobody waits for them."""

from __future__ import annotations

from homeserver.federation.backoff import DestinationHealth, Retries
from homeserver.federation.queue_tables import TABLES
from tests.support.database_case import DatabaseCase
from tests.support.own_reactor import run

AWAY = "away.example"


class LostServersTest(DatabaseCase):
    """With a clock that stands still."""

    tables = TABLES

    def health(self) -> DestinationHealth:
        """As it is after a start."""
        health = DestinationHealth(self.database, lambda: 0, Retries())
        run(health.load())
        return health

    def test_a_server_is_lost_after_many_failures_until_it_answers(self) -> None:
        """Also over a restart."""
        health = self.health()
        run(health.record_failure(AWAY))
        self.assertFalse(health.is_lost(AWAY))

        for _ in range(100):
            run(health.record_failure(AWAY))

        self.assertTrue(health.is_lost(AWAY))
        self.assertTrue(self.health().is_lost(AWAY))
        run(health.record_success(AWAY))
        self.assertFalse(health.is_lost(AWAY))
