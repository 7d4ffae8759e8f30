"""What the server counts, for Prometheus; and the answer to health checks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from homeserver.http.request import Request
from homeserver.http.response import Json, Response
from homeserver.http.routing import Access, Router, route
from homeserver.http.server import HttpSite


class HttpMetrics(Collector):
    """Reads the counts that endpoints and listeners keep; nothing is done for metrics while a request is served."""

    def __init__(self, router: Router, sites: Callable[[], Iterable[HttpSite]]) -> None:
        self._router = router
        self._sites = sites

    def collect(self) -> Iterable[Metric]:
        """The metrics, by method, route and status."""
        labels = ["method", "route"]
        sites = list(self._sites())
        endpoints = [*self._router.endpoints, *(site.unrouted for site in sites)]
        endpoints += [site.files for site in sites if site.files is not None]
        counts: Counter[tuple[str, str, str]] = Counter()
        spent_s: defaultdict[tuple[str, str], float] = defaultdict(float)
        for endpoint in endpoints:
            names = (endpoint.method, endpoint.path or endpoint.name)
            for status, count in list(endpoint.status_counts.items()):
                counts[*names, str(status)] += count
            if endpoint.status_counts:
                spent_s[names] += endpoint.seconds
        requests = CounterMetricFamily("hearth_http_requests", "Requests answered", labels=[*labels, "status"])
        for key, count in counts.items():
            requests.add_metric(key, count)
        yield requests
        seconds = CounterMetricFamily("hearth_http_request_seconds", "Time spent in requests", labels=labels)
        for names, elapsed_s in spent_s.items():
            seconds.add_metric(names, elapsed_s)
        yield seconds
        yield GaugeMetricFamily("hearth_http_in_flight", "Requests being served", sum(site.in_flight for site in sites))
        connections = sum(len(site.connections) for site in sites)
        yield GaugeMetricFamily("hearth_http_connections", "Open connections", connections)


def new_registry() -> CollectorRegistry:
    """A registry with the process's CPU, memory, files and garbage collections; others register what they count."""
    registry = CollectorRegistry()
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return registry


class OperationEndpoints:
    """For operators: metrics (on listeners with the `metrics` resource) and health (on all)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    @route("GET", ["/_synapse/metrics", "/metrics"], access=Access.NONE)
    async def metrics(self, request: Request) -> Json:
        """Everything counted, in Prometheus' text format."""
        return Response(200, [("Content-Type", CONTENT_TYPE_LATEST)], generate_latest(self._registry))

    @route("GET", "/health", access=Access.NONE)
    async def health(self, request: Request) -> Json:
        """200 `OK` while the reactor turns."""
        return Response(200, [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")], b"OK")
