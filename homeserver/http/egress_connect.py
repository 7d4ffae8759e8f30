"""Making outbound connections: name look-up, address check, the first of several addresses that answers, TLS."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from homeserver.http.addresses import AddressRules
from homeserver.http.egress_connection import HttpConnection
from homeserver.http.egress_errors import AddressDenied, ConnectFailed
from homeserver.http.egress_settings import Target
from homeserver.http.egress_tls import TlsClient, TlsPeer
from homeserver.http.egress_url import is_ip_address

#: The next address is tried when the one before has not answered for this long (RFC 8305).
STAGGER_MS = 250
MAX_ADDRESSES = 8


class AddressResolver(Protocol):
    """Finds the addresses of a host name."""

    async def addresses(self, host: str) -> Sequence[str]:
        """IP addresses, best first; raises `ConnectFailed` where there are none."""


class SystemResolver:
    """The system's resolver, in threads of its own: a look-up that hangs holds up nothing but other look-ups."""

    def __init__(self, reactor: Any, threads: int = 16) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(0, threads, "dns")
        # A look-up cannot be interrupted; the process ends without waiting for it.
        self._pool.threadFactory = partial(Thread, daemon=True)  # type: ignore[assignment]
        self._is_started = False

    async def addresses(self, host: str) -> Sequence[str]:
        """See `AddressResolver`; interleaves the families, in the order the system prefers."""
        if not self._is_started:
            self._is_started = True
            self._pool.start()
        try:
            found = await deferToThreadPool(
                self._reactor, self._pool, socket.getaddrinfo, host, None, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError):
            raise ConnectFailed(f"{host} has no address") from None
        return _interleaved([(family, str(address[0])) for family, _, _, _, address in found])


def _interleaved(found: list[tuple[Any, str]]) -> list[str]:
    first = found[0][0] if found else None
    preferred = list(dict.fromkeys(address for family, address in found if family == first))
    others = list(dict.fromkeys(address for family, address in found if family != first))
    mixed = [address for pair in zip(preferred, others, strict=False) for address in pair]
    shorter = min(len(preferred), len(others))
    return mixed + preferred[shorter:] + others[shorter:]


class Connector:
    """Connects to targets whose addresses are allowed."""

    def __init__(self, reactor: Any, rules: AddressRules, tls: TlsClient, resolver: AddressResolver) -> None:
        self._reactor = reactor
        self._rules = rules
        self._tls = tls
        self._resolver = resolver

    async def connect(self, target: Target, timeout_ms: int) -> HttpConnection:
        """A connection that is ready for a request; raises `ConnectFailed` and its kinds.

        The address that was checked is the address that is connected to: there is no second look-up between.
        """
        host = target.host
        found = [host] if is_ip_address(host) else await self._resolver.addresses(host)
        allowed = [address for address in found if self._rules.is_allowed(address)]
        if not allowed:
            raise AddressDenied(f"{host} has no address that may be connected to")
        peer = None if target.tls_name is None else self._tls.peer(target.tls_name)
        attempts = [self._attempt(address, target.port, peer, timeout_ms) for address in allowed[:MAX_ADDRESSES]]
        connection = await _Race(self._reactor, attempts).result
        await connection.ready
        return connection

    def _attempt(
        self, address: str, port: int, peer: TlsPeer | None, timeout_ms: int
    ) -> Callable[[], Deferred[HttpConnection]]:
        kind: Any = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
        endpoint: Any = kind(self._reactor, address, port, timeout=timeout_ms / 1000)
        if peer is not None:
            endpoint = wrapClientTLS(peer, endpoint)  # type: ignore[arg-type]
        factory = Factory.forProtocol(lambda: HttpConnection(peer))
        factory.noisy = False
        return lambda: endpoint.connect(factory)


class _Race:
    """Starts attempts one after the other, each when the one before failed or is slow; the first connection wins."""

    def __init__(self, reactor: Any, attempts: list[Callable[[], Deferred[HttpConnection]]]) -> None:
        self.result: Deferred[HttpConnection] = Deferred(lambda _: self._stop())
        self._reactor = reactor
        self._left = attempts
        self._running: list[Deferred[HttpConnection]] = []
        self._timer: Any = None
        self._is_over = False
        self._next()

    def _next(self) -> None:
        self._timer = None
        attempt = self._left.pop(0)()
        self._running.append(attempt)
        attempt.addCallbacks(self._won, self._lost, callbackArgs=(attempt,), errbackArgs=(attempt,))
        if self._left and not self._is_over and self._timer is None:
            self._timer = self._reactor.callLater(STAGGER_MS / 1000, self._next)

    def _won(self, connection: HttpConnection, attempt: Deferred[HttpConnection]) -> None:
        self._running.remove(attempt)
        if self._is_over:
            connection.ready.addErrback(lambda _: None)
            connection.abort()
            return
        self._stop()
        self.result.callback(connection)

    def _lost(self, failure: Failure, attempt: Deferred[HttpConnection]) -> None:
        self._running.remove(attempt)
        if self._is_over:
            return
        if self._left:
            if self._timer is not None:
                self._timer.cancel()
            self._next()
        elif not self._running:
            self._is_over = True
            reason = "timed out" if isinstance(failure.value, CancelledError) else failure.getErrorMessage()
            self.result.errback(ConnectFailed(f"cannot connect: {reason}"))

    def _stop(self) -> None:
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for attempt in tuple(self._running):
            attempt.cancel()
