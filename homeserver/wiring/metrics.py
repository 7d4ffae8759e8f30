"""What the server counts of itself besides requests: caches, the database's writer, the reactor."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from homeserver.database import CacheBudget, Database
from homeserver.wiring.watchdog import Watchdog


class ServerMetrics(Collector):
    """Reads counts that are kept anyway; nothing is done for metrics but when they are asked for."""

    def __init__(self, budget: CacheBudget, database: Database, watchdog: Watchdog) -> None:
        self._budget = budget
        self._database = database
        self._watchdog = watchdog

    def collect(self) -> Iterable[Metric]:
        """The metrics."""
        yield from self._caches()
        writer = self._database.writer
        yield CounterMetricFamily("hearth_database_commits", "Batches of transactions written", value=writer.batches)
        yield CounterMetricFamily("hearth_database_transactions", "Transactions that wrote", value=writer.bodies)
        yield CounterMetricFamily("hearth_database_writing_seconds", "Time spent writing", value=writer.busy_s)
        dog = self._watchdog
        yield CounterMetricFamily(
            "hearth_reactor_blocked", "Times the reactor was held up for more than 50 ms", value=dog.blocked
        )
        yield CounterMetricFamily("hearth_reactor_blocked_seconds", "Time it was held up so", value=dog.blocked_s)
        yield GaugeMetricFamily("hearth_reactor_blocked_longest_seconds", "The longest of these", value=dog.longest_s)

    def _caches(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "hearth_cache_budget_bytes", "What all caches may hold together", value=self._budget.budget_bytes
        )
        held = GaugeMetricFamily("hearth_cache_bytes", "What a cache holds, about", labels=["cache"])
        entries = GaugeMetricFamily("hearth_cache_entries", "Entries of a cache", labels=["cache"])
        hits = CounterMetricFamily("hearth_cache_hits", "Look-ups that found something", labels=["cache"])
        misses = CounterMetricFamily("hearth_cache_misses", "Look-ups that found nothing", labels=["cache"])
        for cache in self._budget.caches:
            held.add_metric([cache.name], cache.used_bytes)
            entries.add_metric([cache.name], len(cache))
            hits.add_metric([cache.name], cache.hits)
            misses.add_metric([cache.name], cache.misses)
        yield from (held, entries, hits, misses)
