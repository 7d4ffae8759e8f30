"""The one outbound HTTP client.

Every request this server makes of others passes here: the address is checked after the name look-up, certificates
are checked for the name that is expected, and time, bytes and redirects are limited. Proxies named in the
environment are not used. Header fields, queries and bodies are never logged.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore

from homeserver.http.addresses import DEFAULT_DENIED_RANGES, AddressRules
from homeserver.http.egress_connect import AddressResolver, Connector, SystemResolver
from homeserver.http.egress_connection import Head, HttpConnection
from homeserver.http.egress_errors import (
    ConnectFailed,
    ConnectionBroken,
    InvalidUrl,
    StaleConnection,
    TimedOut,
    TooManyRedirects,
)
from homeserver.http.egress_pool import ConnectionPool
from homeserver.http.egress_settings import DEFAULT_OPTIONS, EgressOptions, EgressSettings, Target
from homeserver.http.egress_tls import TlsClient
from homeserver.http.egress_url import Fields, Location, encode_request, follow, locate, locate_at, public_fields
from homeserver.http.headers import Headers

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_REDIRECTIONS = frozenset({301, 302, 303, 307, 308})
_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE", "OPTIONS"})
#: A POST is not repeated when a kept-alive connection turns out to be dead, so it takes none that has idled longer.
_FRESH_MS = 3_000


@dataclass(frozen=True, slots=True)
class EgressResponse:
    """A whole answer. `url`: the URL that gave it, after redirects."""

    status: int
    headers: Headers
    body: bytes
    url: str


class EgressStream:
    """An answer whose body is still coming: `async for chunk in stream`, or `await stream.read()`.

    Read it to the end or call `abort`; the time limit ends it in any case. Reading raises `EgressError`.
    """

    def __init__(self, head: Head, url: str, connection: HttpConnection, lease: _Lease) -> None:
        self.status = head.status
        self.headers = head.headers
        self.url = url
        self._connection: HttpConnection | None = connection
        self._lease = lease

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        connection = self._connection
        if connection is None:
            raise StopAsyncIteration
        try:
            chunk = await connection.next_chunk()
        except BaseException:
            self.abort()
            raise
        if not chunk:
            self._connection = None
            self._lease.finish(connection)
            raise StopAsyncIteration
        return chunk

    async def read(self) -> bytes:
        """The rest of the body."""
        return b"".join([chunk async for chunk in self])

    def abort(self) -> None:
        """Close the connection; no more of the body is taken."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._lease.finish(None)
            connection.abort()


@dataclass(frozen=True, slots=True)
class _Job:
    """What is sent, wherever redirects lead. `deadline`: reactor seconds."""

    method: str
    body: bytes
    options: EgressOptions
    deadline: float


class _Lease:
    """A request's place among the connections, its deadline, and where its connection goes afterwards."""

    def __init__(
        self, reactor: Any, slots: DeferredSemaphore, pool: ConnectionPool, busy: set[HttpConnection], target: Target
    ) -> None:
        self._reactor = reactor
        self._busy = busy
        self._slots = slots
        self._pool = pool
        self._target = target
        self._timer: Any = None
        self._is_open = False
        self._connection: HttpConnection | None = None

    async def begin(self) -> None:
        """Wait for a place."""
        await self._slots.acquire()
        self._is_open = True

    def watch(self, deadline: float, connection: HttpConnection) -> None:
        """End the body that is coming at the deadline."""
        left_s = max(0.0, deadline - self._reactor.seconds())
        self._timer = self._reactor.callLater(left_s, connection.abort, TimedOut("the answer took too long"))
        self._busy.add(connection)
        self._connection = connection

    def finish(self, connection: HttpConnection | None) -> None:
        """Give the place back, and the connection if it is still good."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._connection is not None:
            self._busy.discard(self._connection)
        if self._is_open:
            self._is_open = False
            if connection is not None:
                self._pool.give_back(self._target, connection)
            self._slots.release()


class Egress:
    """The outbound HTTP client; thread of use: the reactor's. Make one for each set of rules, and `close` it."""

    def __init__(self, settings: EgressSettings, reactor: Any, resolver: AddressResolver | None = None) -> None:
        denied = DEFAULT_DENIED_RANGES if settings.denied_ranges is None else settings.denied_ranges
        rules = AddressRules(denied, settings.allowed_ranges)
        self._reactor = reactor
        self._user_agent = settings.user_agent
        self._connector = Connector(reactor, rules, TlsClient(settings.tls), resolver or SystemResolver(reactor))
        self._pool = ConnectionPool(reactor, settings.keep_alive_ms)
        self._slots = DeferredSemaphore(settings.max_connections)
        self._under_way: set[Deferred[Any]] = set()
        self._busy: set[HttpConnection] = set()
        self._is_closed = False

    async def request(
        self,
        method: str,
        url: str,
        headers: Fields = (),
        body: bytes = b"",
        options: EgressOptions = DEFAULT_OPTIONS,
    ) -> EgressResponse:
        """Send a request and take the whole answer, whatever its status. Raises `EgressError`.

        `url` is absolute, or with `options.to` a path with query. `method` may not be HEAD.
        """

        async def exchange() -> EgressResponse:
            stream = await self._open(method, url, headers, body, options)
            return EgressResponse(stream.status, stream.headers, await stream.read(), stream.url)

        return await self._limited(exchange(), options)

    async def stream(
        self,
        method: str,
        url: str,
        headers: Fields = (),
        body: bytes = b"",
        options: EgressOptions = DEFAULT_OPTIONS,
    ) -> EgressStream:
        """As `request`, with the body in pieces, taken from the network no faster than they are read."""
        return await self._limited(self._open(method, url, headers, body, options), options)

    def close(self) -> None:
        """End what is under way with `ConnectionBroken`, and close the idle connections. No request may follow."""
        self._is_closed = True
        for waiting in tuple(self._under_way):
            waiting.cancel()
        for connection in tuple(self._busy):
            connection.abort()
        self._pool.close()

    async def _limited(self, work: Coroutine[Deferred[Any], Any, _T], options: EgressOptions) -> _T:
        def timed_out(_: object, __: float) -> NoReturn:
            raise TimedOut(f"no answer within {options.total_ms} ms")

        if self._is_closed:
            work.close()
            raise ConnectionBroken("the client was closed")
        waiting = Deferred.fromCoroutine(work)
        waiting.addTimeout(options.total_ms / 1000, self._reactor, timed_out)
        self._under_way.add(waiting)
        try:
            return await waiting
        except CancelledError:
            if self._is_closed:
                raise ConnectionBroken("the client was closed") from None
            raise
        finally:
            self._under_way.discard(waiting)

    async def _open(self, method: str, url: str, headers: Fields, body: bytes, options: EgressOptions) -> EgressStream:
        location = locate(url, options.https_only) if options.to is None else locate_at(options.to, url)
        job = _Job(method, body, options, self._reactor.seconds() + options.total_ms / 1000)
        for _ in range(options.redirects + 1):
            stream = await self._exchange(job, location, headers)
            reference = stream.headers.find("location")
            if options.redirects == 0 or stream.status not in _REDIRECTIONS or method != "GET" or reference is None:
                return stream
            stream.abort()
            origin = location.target
            location = follow(location, reference, options.https_only)
            if location.target != origin:
                headers = public_fields(headers)
        raise TooManyRedirects(f"more than {options.redirects} redirections")

    async def _exchange(self, job: _Job, location: Location, headers: Fields) -> EgressStream:
        if job.options.https_only and location.target.tls_name is None:
            raise InvalidUrl("not https")
        request = encode_request(job.method, location, headers, job.body, self._user_agent)
        lease = _Lease(self._reactor, self._slots, self._pool, self._busy, location.target)
        await lease.begin()
        try:
            head, connection = await self._send(job, location.target, request)
        except BaseException:
            lease.finish(None)
            raise
        lease.watch(job.deadline, connection)
        _log.debug("%s %s -> %d", job.method, location.url.partition("?")[0], head.status)
        return EgressStream(head, location.url, connection, lease)

    async def _send(self, job: _Job, target: Target, request: bytes) -> tuple[Head, HttpConnection]:
        is_idempotent = job.method in _IDEMPOTENT
        max_body_bytes = job.options.max_body_bytes
        kept = self._pool.take(target, None if is_idempotent else _FRESH_MS)
        if kept is not None:
            try:
                return await kept.send(request, max_body_bytes), kept
            except StaleConnection:
                if not is_idempotent:
                    raise
        connection = await self._connect(target, job.options)
        return await connection.send(request, max_body_bytes), connection

    async def _connect(self, target: Target, options: EgressOptions) -> HttpConnection:
        def timed_out(_: object, __: float) -> NoReturn:
            raise ConnectFailed(f"no connection within {options.connect_ms} ms")

        connecting = Deferred.fromCoroutine(self._connector.connect(target, options.connect_ms))
        connecting.addTimeout(options.connect_ms / 1000, self._reactor, timed_out)
        return await connecting
