"""Requests to servers by their server name: discovery, then the first of its targets that can be connected to."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, Protocol, TypeVar

from twisted.internet.defer import Deferred

from homeserver.federation.discovery import Discovery
from homeserver.federation.errors import BadAnswer, Unreachable
from homeserver.http.egress import Egress, EgressResponse, EgressStream
from homeserver.http.egress_errors import BodyTooLarge, ConnectFailed, EgressError
from homeserver.http.egress_settings import EgressOptions
from homeserver.http.egress_url import Fields

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PeerRequest:
    """A request to a server; `uri` is path and query, percent-encoded."""

    method: str
    uri: str
    headers: Fields = ()
    body: bytes = b""
    options: EgressOptions = field(default_factory=EgressOptions)


class PeerRequests(Protocol):
    """Makes requests of servers by their names. Raises `FederationError`: `Unreachable`, `BadAnswer`."""

    async def request(self, server_name: str, request: PeerRequest) -> EgressResponse:
        """The whole answer, whatever its status."""

    async def stream(self, server_name: str, request: PeerRequest) -> EgressStream:
        """The answer with its body still to be read."""


class Peers:
    """Finds servers and makes requests of them. Without an answer it is `Unreachable`, with one that is too large
    `BadAnswer`."""

    def __init__(self, discovery: Discovery, egress: Egress, reactor: Any) -> None:
        self._discovery = discovery
        self._egress = egress
        self._reactor = reactor

    async def request(self, server_name: str, request: PeerRequest) -> EgressResponse:
        """The whole answer, whatever its status. The time limit covers discovery too."""
        return await self._limited(server_name, request, self._request(server_name, request))

    async def stream(self, server_name: str, request: PeerRequest) -> EgressStream:
        """The answer with its body still to be read."""
        return await self._limited(server_name, request, self._stream(server_name, request))

    async def _request(self, server_name: str, request: PeerRequest) -> EgressResponse:
        stream = await self._stream(server_name, request)
        return EgressResponse(stream.status, stream.headers, await stream.read(), stream.url)

    async def _stream(self, server_name: str, request: PeerRequest) -> EgressStream:
        failure: EgressError | None = None
        for target in await self._discovery.targets(server_name):
            options = replace(request.options, to=target, https_only=True)
            try:
                return await self._egress.stream(request.method, request.uri, request.headers, request.body, options)
            except ConnectFailed as error:
                # Nothing was sent, so another of the server's addresses may be tried.
                failure = error
        assert failure is not None
        raise failure

    async def _limited(self, server_name: str, request: PeerRequest, work: Coroutine[Any, Any, _T]) -> _T:
        def timed_out(_: object, __: float) -> NoReturn:
            raise Unreachable(server_name, f"no answer within {request.options.total_ms} ms")

        waiting = Deferred.fromCoroutine(work)
        waiting.addTimeout(request.options.total_ms / 1000, self._reactor, timed_out)
        try:
            return await waiting
        except BodyTooLarge as error:
            raise BadAnswer(server_name, str(error)) from None
        except (EgressError, ValueError) as error:
            raise Unreachable(server_name, str(error)) from None
