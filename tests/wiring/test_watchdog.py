"""What holds the reactor up is told, and counted with what else operators look at."""

from __future__ import annotations

import re
import time
from urllib.request import urlopen

from twisted.internet import reactor

from tests.support.homeserver import HomeserverCase

_WAIT_S = 60


def hold_up() -> None:
    """Longer than anybody may."""
    time.sleep(0.5)


class WatchdogTest(HomeserverCase):
    """A server that shows its metrics to everybody."""

    settings = {"enable_metrics": True}  # noqa: RUF012

    def metric(self, name: str) -> float:
        with urlopen(f"{self.server.url}/metrics", timeout=_WAIT_S) as answer:
            found = re.search(rf"^{re.escape(name)} (\S+)$", answer.read().decode(), re.MULTILINE)
        self.assertIsNotNone(found, name)
        return float(found[1]) if found is not None else 0.0

    def test_what_holds_the_reactor_up_is_named_and_counted(self) -> None:
        """The log has the stack with the function that did not return."""
        before = self.metric("hearth_reactor_blocked_total")
        ends_at = time.monotonic() + _WAIT_S

        with self.assertLogs("homeserver.wiring.watchdog", "WARNING") as logs:
            # One line a while: something else may just have had its own.
            while not any("in hold_up" in line for line in logs.output) and time.monotonic() < ends_at:
                reactor.callFromThread(hold_up)
                time.sleep(0.7)

        self.assertIn("in hold_up", "".join(logs.output))
        self.assertGreater(self.metric("hearth_reactor_blocked_total"), before)
        self.assertGreater(self.metric("hearth_reactor_blocked_seconds_total"), 0.05)
        self.assertGreater(self.metric("hearth_reactor_blocked_longest_seconds"), 0.05)

    def test_caches_tell_what_they_hold_and_how_often_they_help(self) -> None:
        """What was read once is found in memory the next time."""
        alice = self.new_user("alice")
        room = alice.create_room()
        alice.get(f"/rooms/{room}/state")
        name = 'hearth_cache_hits_total{cache="state_answers"}'
        hits = self.metric(name)

        for _ in range(3):
            alice.get(f"/rooms/{room}/state")

        self.assertEqual(self.metric(name), hits + 3)
        self.assertGreater(self.metric('hearth_cache_bytes{cache="state_answers"}'), 0)
        self.assertGreater(self.metric('hearth_cache_misses_total{cache="state_answers"}'), 0)
        self.assertGreater(self.metric("hearth_cache_budget_bytes"), 0)
        self.assertGreater(self.metric("hearth_database_transactions_total"), 0)
