"""`/.well-known/matrix/server` of other host names.

https://spec.matrix.org/v1.19/server-server-api/#getwell-knownmatrixserver
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from homeserver.federation.timed_cache import Clock, TimedCache, now_ms
from homeserver.http.egress import Egress, EgressResponse
from homeserver.http.egress_errors import EgressError
from homeserver.http.egress_settings import EgressOptions
from homeserver.http.headers import Headers
from homeserver.protocol.ids import is_valid_server_name
from homeserver.single_flight import SingleFlight

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_OPTIONS = EgressOptions(total_ms=30_000, connect_ms=10_000, max_body_bytes=50 * 1024, redirects=30, https_only=True)
_MAX_AGE = re.compile(r"max-age=\"?([0-9]{1,10})\"?\Z")
_MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class WellKnownTimes:
    """How long answers are kept: as their header fields say, within limits; failures longer each time."""

    default_ms: int = 24 * _HOUR_MS
    min_ms: int = 5 * _MINUTE_MS
    max_ms: int = 48 * _HOUR_MS
    first_failure_ms: int = _MINUTE_MS
    max_failure_ms: int = _HOUR_MS


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a host: the delegated name if it has one, the failures in a row since, and until when the
    name stands in for answers that do not come."""

    delegated: str | None
    failures: int = 0
    stands_until_ms: int = 0


class WellKnown:
    """Asks hosts for the server they delegate to. `port`: where their web servers listen."""

    def __init__(
        self, egress: Egress, clock: Clock = now_ms, port: int = 443, times: WellKnownTimes | None = None
    ) -> None:
        self._egress = egress
        self._clock = clock
        self._port = port
        self._times = times or WellKnownTimes()
        self._cache: TimedCache[str, _Known] = TimedCache(_MAX_ENTRIES, clock)
        self._flights: SingleFlight[str, str | None] = SingleFlight()

    async def find_delegated_name(self, hostname: str) -> str | None:
        """The server name a host name delegates to; None where it says nothing that can be used."""
        known = self._cache.find(hostname)
        if known is not None:
            return known.delegated
        return await self._flights.run(hostname, lambda: self._ask(hostname))

    async def _ask(self, hostname: str) -> str | None:
        host = hostname if self._port == 443 else f"{hostname}:{self._port}"
        try:
            answer = await self._egress.request("GET", f"https://{host}/.well-known/matrix/server", options=_OPTIONS)
        except EgressError:
            return self._failed(hostname, is_passing=True)
        delegated = _delegated_name(answer)
        if delegated is None:
            return self._failed(hostname, is_passing=answer.status == 429 or answer.status >= 500)
        ttl_ms = self._lifetime_ms(answer.headers)
        self._cache.put(hostname, _Known(delegated, 0, self._clock() + self._times.max_ms), ttl_ms)
        return delegated

    def _failed(self, hostname: str, is_passing: bool) -> str | None:
        """Note a failure. A passing one leaves the name that was known in force for a while."""
        before = self._cache.find_stale(hostname) or _Known(None)
        stands = is_passing and self._clock() < before.stands_until_ms
        delegated = before.delegated if stands else None
        ttl_ms = min(self._times.first_failure_ms * 2 ** min(before.failures, 20), self._times.max_failure_ms)
        self._cache.put(hostname, _Known(delegated, before.failures + 1, before.stands_until_ms), ttl_ms)
        return delegated

    def _lifetime_ms(self, headers: Headers) -> int:
        lifetime_ms = _announced_lifetime_ms(headers, self._clock())
        if lifetime_ms is None:
            lifetime_ms = self._times.default_ms
        return max(self._times.min_ms, min(self._times.max_ms, lifetime_ms))


def _delegated_name(answer: EgressResponse) -> str | None:
    if answer.status != 200:
        return None
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    name = content.get("m.server") if isinstance(content, dict) else None
    return name if isinstance(name, str) and is_valid_server_name(name) else None


def _announced_lifetime_ms(headers: Headers, clock_ms: int) -> int | None:
    directives = [part.strip().lower() for value in headers.all("cache-control") for part in value.split(",")]
    if "no-store" in directives or "no-cache" in directives:
        return 0
    for directive in directives:
        match = _MAX_AGE.match(directive)
        if match is not None:
            return int(match[1]) * 1000
    expires = headers.find("expires")
    if expires is None:
        return None
    moment = _moment_ms(expires)
    sent = _moment_ms(headers.get("date"))
    return 0 if moment is None else moment - (clock_ms if sent is None else sent)


def _moment_ms(text: str) -> int | None:
    try:
        moment: datetime = parsedate_to_datetime(text)
        return int(moment.timestamp() * 1000)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
