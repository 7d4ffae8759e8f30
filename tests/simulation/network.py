"""The network of a simulated run: slow, partitioned, losing answers, and delivering twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred

from homeserver.federation.errors import Unreachable
from homeserver.federation.peers import PeerRequest
from homeserver.http.egress import EgressResponse, EgressStream
from homeserver.http.headers import Headers
from tests.simulation.world import Life, World

_LONGEST_DELAY_S = 1.5
_LOST = 0.04
_TWICE = 0.06
_REFUSED_AFTER_S = 3.0

Answer = tuple[int, bytes]


@dataclass
class Host:
    """A server as the network sees it: `answer` is None while it is down."""

    answer: Callable[[PeerRequest], Awaitable[Answer]] | None = None


@dataclass
class Network:
    """Carries requests and answers. `cuts`: pairs of names between which nothing passes. `is_calm`: then nothing is
    lost, and nothing comes twice."""

    world: World
    hosts: dict[str, Host] = field(default_factory=dict)
    cuts: set[frozenset[str]] = field(default_factory=set)
    is_calm: bool = False

    def passes(self, one: str, other: str) -> bool:
        """Whether two servers can reach each other."""
        return frozenset((one, other)) not in self.cuts and self.hosts[other].answer is not None

    async def carry(self, life: Life, sender: str, destination: str, request: PeerRequest) -> Answer:
        """The answer to a request; raises `Unreachable`."""
        chance = self.world.chance
        await life.pause(_LONGEST_DELAY_S)
        answer = self.hosts[destination].answer
        if answer is None or not self.passes(sender, destination):
            await life.pause(_REFUSED_AFTER_S)
            raise Unreachable(destination, "cut off")
        if not self.is_calm and chance.random() < _TWICE:
            self.world.clock.callLater(chance.uniform(0, 4 * _LONGEST_DELAY_S), self._repeat, destination, request)
        status, body = await answer(request)
        await life.pause(_LONGEST_DELAY_S)
        is_lost = not self.is_calm and chance.random() < _LOST
        if is_lost or not self.passes(sender, destination):
            await life.pause(_REFUSED_AFTER_S)
            raise Unreachable(destination, "the answer was lost")
        return status, body

    def _repeat(self, destination: str, request: PeerRequest) -> None:
        answer = self.hosts[destination].answer
        if answer is not None:

            async def again() -> None:
                await answer(request)

            Deferred.fromCoroutine(again()).addErrback(lambda _: None)


class SimulatedPeers:
    """The way from one life of a server to the others; see `PeerRequests`."""

    def __init__(self, network: Network, life: Life, server_name: str) -> None:
        self._network = network
        self._life = life
        self._server_name = server_name

    async def request(self, server_name: str, request: PeerRequest) -> EgressResponse:
        """The whole answer, whatever its status."""
        waiting = Deferred.fromCoroutine(self._network.carry(self._life, self._server_name, server_name, request))
        waiting.addTimeout(request.options.total_ms / 1000, self._life, _timed_out(server_name))  # type: ignore[arg-type]
        status, body = await waiting
        return EgressResponse(status, Headers(), body, f"matrix://{server_name}{request.uri}")

    async def stream(self, server_name: str, request: PeerRequest) -> EgressStream:
        """The answer in one piece."""
        whole: Any = _Stream(await self.request(server_name, request))
        stream: EgressStream = whole
        return stream


class _Stream:
    """An answer that has come already; see `EgressStream`."""

    def __init__(self, answer: EgressResponse) -> None:
        self.status, self.headers, self.url = answer.status, answer.headers, answer.url
        self._body = answer.body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body

    async def read(self) -> bytes:
        """All of it."""
        return self._body

    def abort(self) -> None:
        """Nothing more is wanted."""


def _timed_out(server_name: str) -> Callable[[object, float], None]:
    def timed_out(_: object, __: float) -> None:
        raise Unreachable(server_name, "no answer in time")

    return timed_out
