"""What the connections of one listener share: routes, limits, time, counts, and the end."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from typing import Any, Protocol, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall, deferLater

from homeserver.http import access_log
from homeserver.http.connection import HttpConnection
from homeserver.http.cors import CORS_FIELDS, PREFLIGHT_FIELDS
from homeserver.http.errors import error_response, unrecognized_method
from homeserver.http.exchange import Exchange
from homeserver.http.head_checks import Limits
from homeserver.http.request import Peer
from homeserver.http.response import Response
from homeserver.http.response_head import ResponseHeads
from homeserver.http.route_table import MethodNotAllowed
from homeserver.http.routing import Endpoint, Router
from homeserver.http.static_files import StaticFiles
from homeserver.protocol.errors import MatrixError, unrecognized

#: Longest wait for requests that end by themselves before those that may be cancelled (long polls) are.
_QUICK_REQUESTS_S = 1.0
#: Paths that are never files.
_API_PREFIXES = ("/_matrix", "/_synapse")


class Clock(Protocol):
    """What is needed of the reactor; a `twisted.internet.task.Clock` in tests."""

    def callLater(self, delay: float, callable: Any, *args: object, **kwargs: object) -> Any:  # noqa: A002, N802
        """Call after so many seconds."""

    def seconds(self) -> float:
        """The time."""


class HttpSite(Factory):
    """A listener's server. `resources`: which of the router's endpoints it serves.

    `now`: seconds, as of the last sweep; exact enough for time-outs. `in_flight`: requests being served.
    """

    noisy = False

    def __init__(
        self,
        router: Router,
        resources: Iterable[str],
        reactor: Clock,
        static: StaticFiles | None = None,
        x_forwarded: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self.router = router
        self.reactor = reactor
        self.limits = limits or Limits()
        self.heads = ResponseHeads()
        self.connections: set[HttpConnection] = set()
        self.in_flight = 0
        self.is_draining = False
        self.is_secure = False
        self.now = reactor.seconds()
        #: Counts what no endpoint answered: unknown paths, malformed requests, preflights.
        self.unrouted = Endpoint("*", "", "(no endpoint)", _nothing)
        self._table = router.table(resources)
        self.files = None if static is None else Endpoint("GET", "", "(static)", static.serve, has_cors=False)
        self._preflight = Response(204, (*CORS_FIELDS, *PREFLIGHT_FIELDS))
        self._x_forwarded = x_forwarded
        self._sweep = LoopingCall(self.sweep)
        self._sweep.clock = cast(Any, reactor)

    def startFactory(self) -> None:  # noqa: N802
        """Called when the first port listens."""
        if not self._sweep.running:
            self._sweep.start(self.limits.sweep_interval_s)

    def buildProtocol(self, addr: IAddress | None) -> HttpConnection:  # noqa: N802
        """A connection."""
        return HttpConnection(self, self._peer(addr))

    def _peer(self, address: IAddress | None) -> Peer:
        if isinstance(address, IPv4Address | IPv6Address):
            return Peer(address.host.removeprefix("::ffff:"), self.is_secure, self._x_forwarded)
        return Peer("127.0.0.1", self.is_secure, self._x_forwarded)

    def resolve(self, exchange: Exchange) -> None:
        """Find the endpoint of a request, or the answer that needs none."""
        request = exchange.request
        method = request.method
        if method == "OPTIONS":
            exchange.answer = self._preflight
            return
        path = request.path
        try:
            found = self._table.find("GET" if method == "HEAD" else method, path)
        except MethodNotAllowed as error:
            exchange.answer = unrecognized_method(error.allowed)
            return
        except MatrixError as error:
            exchange.answer = error_response(error)
            return
        if found is not None:
            exchange.endpoint, request.parameters = found
        elif self.files is None or path.startswith(_API_PREFIXES):
            exchange.answer = error_response(unrecognized())
        elif method != "GET" and method != "HEAD":
            exchange.answer = unrecognized_method(["GET"])
        else:
            exchange.endpoint = self.files

    def note_answered(self, exchange: Exchange) -> None:
        """Count an answer, and log it."""
        endpoint = exchange.endpoint or self.unrouted
        elapsed_s = perf_counter() - exchange.started_s
        status = exchange.status
        counts = endpoint.status_counts
        counts[status] = counts.get(status, 0) + 1
        endpoint.seconds += elapsed_s
        if access_log.is_on():
            access_log.note_served(exchange.request, status, exchange.sent_bytes, elapsed_s)

    def sweep(self) -> None:
        """Look at the clock, and at each connection's deadline."""
        self.now = now = self.reactor.seconds()
        self.heads.tick()
        for connection in [connection for connection in self.connections if connection.deadline <= now]:
            connection.time_out()

    async def drain(self, grace_s: float) -> None:
        """Let requests finish for so many seconds, cancel the rest, and close every connection.

        Requests that may be cancelled (long polls) are answered 503 after a second. Stop listening first.
        """
        self.is_draining = True
        ends_at = self.reactor.seconds() + grace_s
        for connection in list(self.connections):
            if connection.is_idle:
                connection.close()
        await self._wait_for_requests(min(grace_s, _QUICK_REQUESTS_S))
        self._cancel_requests(only_cancellable=True)
        await self._wait_for_requests(ends_at - self.reactor.seconds())
        self._cancel_requests(only_cancellable=False)
        await self._wait_for_connections(self.limits.linger_timeout_s)
        for connection in list(self.connections):
            connection.abort()
        await self._wait_for_connections(self.limits.linger_timeout_s)
        if self._sweep.running:
            self._sweep.stop()

    def _cancel_requests(self, only_cancellable: bool) -> None:
        for connection in list(self.connections):
            connection.cancel_requests(only_cancellable)

    async def _wait_for_requests(self, seconds: float) -> None:
        ends_at = self.reactor.seconds() + seconds
        while self.in_flight and self.reactor.seconds() < ends_at:
            await self._moment()

    async def _wait_for_connections(self, seconds: float) -> None:
        ends_at = self.reactor.seconds() + seconds
        while self.connections and self.reactor.seconds() < ends_at:
            await self._moment()

    def _moment(self) -> Deferred[None]:
        waiting: Deferred[None] = deferLater(cast(Any, self.reactor), 0.02)
        return waiting


async def _nothing() -> None:
    """The endpoint of what has no endpoint; never called."""
