"""Asking push gateways to notify devices. A gateway that does not answer holds up nobody but its own.

https://spec.matrix.org/v1.19/push-gateway-api/
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
from twisted.internet.defer import DeferredSemaphore

from homeserver.http.egress import Egress
from homeserver.http.egress_errors import EgressError
from homeserver.http.egress_settings import EgressOptions
from homeserver.slices.push.records import Json

_OPTIONS = EgressOptions(total_ms=20_000, connect_ms=10_000, max_body_bytes=64 * 1024, https_only=True)
_HEADERS = (("Content-Type", "application/json"),)
#: So many requests to one gateway at a time.
_AT_A_TIME = 16
_MOST_KNOWN = 1_000
_FIRST_WAIT_MS = 1_000
_LONGEST_WAIT_MS = 30 * 60_000
_jitter = random.SystemRandom()


class GatewayFailed(Exception):
    """It did not take the notification. The text is fit for a log."""


@dataclass(slots=True)
class _Host:
    """What is known of a gateway. `free_at_ms`: not before is it asked again, since it could not be reached."""

    slots: DeferredSemaphore = field(default_factory=lambda: DeferredSemaphore(_AT_A_TIME))
    failures: int = 0
    free_at_ms: int = 0


class Gateways:
    """Used on the reactor thread."""

    def __init__(self, egress: Egress, clock: Callable[[], int]) -> None:
        self._egress = egress
        self._clock = clock
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    async def notify(self, url: str, body: Json) -> frozenset[str]:
        """The pushkeys that are not good any more. Raises `GatewayFailed`."""
        host = self._host(url)
        await host.slots.acquire()
        try:
            if host.free_at_ms > self._clock():
                raise GatewayFailed("it could not be reached lately")
            return await self._ask(host, url, body)
        finally:
            host.slots.release()

    async def _ask(self, host: _Host, url: str, body: Json) -> frozenset[str]:
        try:
            answer = await self._egress.request("POST", url, _HEADERS, msgspec.json.encode(body), _OPTIONS)
        except EgressError as error:
            host.failures += 1
            host.free_at_ms = self._clock() + retry_wait_ms(host.failures) // 2
            raise GatewayFailed(f"{type(error).__name__}: {error}") from error
        host.failures = host.free_at_ms = 0
        if not 200 <= answer.status < 300:
            raise GatewayFailed(f"it answered {answer.status}")
        return _rejected(answer.body)

    def _host(self, url: str) -> _Host:
        name = urlsplit(url).netloc.lower()
        host = self._hosts.pop(name, None) or _Host()
        self._hosts[name] = host
        if len(self._hosts) > _MOST_KNOWN:
            self._hosts.popitem(last=False)
        return host


def retry_wait_ms(failures: int) -> int:
    """How long to wait after so many failures in a row: a second, then twice as long each time, half an hour at most,
    with a fifth of jitter."""
    wait_ms = min(_LONGEST_WAIT_MS, _FIRST_WAIT_MS * 2 ** min(failures - 1, 20))
    return int(wait_ms * _jitter.uniform(0.8, 1.2))


def _rejected(content: bytes) -> frozenset[str]:
    """Raises `GatewayFailed` for what is not an answer of a gateway's."""
    try:
        answer: Any = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise GatewayFailed("its answer is no JSON") from error
    rejected = answer.get("rejected", []) if isinstance(answer, dict) else None
    if not isinstance(rejected, list):
        raise GatewayFailed("its answer is not one of a push gateway's")
    return frozenset(one for one in rejected if isinstance(one, str))
