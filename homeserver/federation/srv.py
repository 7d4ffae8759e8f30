"""SRV records of Matrix servers.

https://spec.matrix.org/v1.19/server-server-api/#resolving-server-names
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.names import client, dns, error

from homeserver.federation.timed_cache import Clock, TimedCache, now_ms
from homeserver.single_flight import SingleFlight

#: The registered service first, then the deprecated one.
SERVICES = ("_matrix-fed._tcp", "_matrix._tcp")
MIN_TTL_MS = 30_000
MAX_TTL_MS = 3_600_000
#: How long it is believed that there are no records, and that the look-up fails.
ABSENT_TTL_MS = 300_000
FAILURE_TTL_MS = 60_000
_MAX_ENTRIES = 10_000
_MAX_RECORDS = 16
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}\Z")


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """Where a service is: lower priorities first, among equals more weight is chosen more often."""

    priority: int
    weight: int
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class SrvAnswer:
    """The records of one name, perhaps none, and how long they hold."""

    records: tuple[SrvRecord, ...]
    ttl_ms: int


class SrvUnavailable(Exception):
    """The look-up got no answer: whether there are records is not known."""


class SrvResolver(Protocol):
    """Asks the DNS."""

    async def services(self, name: str) -> SrvAnswer:
        """The SRV records of a name such as `_matrix-fed._tcp.example.org`; raises `SrvUnavailable`."""


class DnsSrvResolver:
    """Asks the system's DNS servers, or the ones given as (address, port), without blocking. `timeouts_s`: how long to
    wait for an answer the first time, the second time, and so on."""

    def __init__(
        self,
        reactor: Any,
        servers: Sequence[tuple[str, int]] | None = None,
        timeouts_s: Sequence[float] = (1, 3),
    ) -> None:
        self._resolver: Any = client.Resolver(  # type: ignore[no-untyped-call]
            resolv=None if servers else "/etc/resolv.conf", servers=servers or None, timeout=timeouts_s, reactor=reactor
        )

    async def services(self, name: str) -> SrvAnswer:
        """See `SrvResolver`."""
        try:
            answers, _, _ = await self._resolver.lookupService(name)
        except error.DNSNameError:
            return SrvAnswer((), ABSENT_TTL_MS)
        except (error.DomainError, error.ResolverError, DeferredTimeout, OSError, ValueError):
            raise SrvUnavailable(name) from None
        found = [answer for answer in answers if answer.type == dns.SRV]
        records = tuple(_record(answer.payload) for answer in found[:_MAX_RECORDS])
        ttl_ms = min((answer.ttl * 1000 for answer in found), default=ABSENT_TTL_MS)
        return SrvAnswer(records, ttl_ms)


def _record(payload: Any) -> SrvRecord:
    host = payload.target.name.decode("latin-1").rstrip(".")
    return SrvRecord(payload.priority, payload.weight, host, payload.port)


class SrvLookup:
    """The SRV records of host names, cached as long as the DNS says, within limits."""

    def __init__(self, resolver: SrvResolver, clock: Clock = now_ms) -> None:
        self._resolver = resolver
        self._cache: TimedCache[str, tuple[SrvRecord, ...]] = TimedCache(_MAX_ENTRIES, clock)
        self._flights: SingleFlight[str, tuple[SrvRecord, ...]] = SingleFlight()

    async def servers(self, hostname: str) -> list[SrvRecord]:
        """The servers of a host name in the order to try them; empty where it has no SRV record.

        A look-up that gets no answer gives what was known last, and else nothing.
        """
        for service in SERVICES:
            name = f"{service}.{hostname.lower()}"
            records = self._cache.find(name)
            if records is None:
                records = await self._flights.run(name, lambda name=name: self._look_up(name))  # type: ignore[misc]
            if records:
                return in_order(records)
        return []

    async def _look_up(self, name: str) -> tuple[SrvRecord, ...]:
        try:
            answer = await self._resolver.services(name)
        except SrvUnavailable:
            records = self._cache.find_stale(name) or ()
            self._cache.put(name, records, FAILURE_TTL_MS)
            return records
        records = tuple(each for each in answer.records if _HOST.match(each.host) and each.port > 0)
        self._cache.put(name, records, max(MIN_TTL_MS, min(MAX_TTL_MS, answer.ttl_ms)))
        return records


def in_order(records: Sequence[SrvRecord]) -> list[SrvRecord]:
    """By priority, and among equal priorities at random by weight (RFC 2782)."""
    ordered: list[SrvRecord] = []
    for priority in sorted({record.priority for record in records}):
        left = sorted((each for each in records if each.priority == priority), key=lambda record: record.weight)
        while left:
            drawn = secrets.randbelow(sum(each.weight for each in left) + 1)
            chosen = left[-1]
            for record in left:
                drawn -= record.weight
                if drawn <= 0:
                    chosen = record
                    break
            left.remove(chosen)
            ordered.append(chosen)
    return ordered
