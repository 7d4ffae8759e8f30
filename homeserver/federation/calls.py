"""Signed requests to other servers, and their answers decoded.

https://spec.matrix.org/v1.19/server-server-api/#authentication
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from homeserver.federation.authentication import RequestSigner
from homeserver.federation.errors import BadAnswer, HttpAnswer, NotAllowed, Unreachable
from homeserver.federation.offload import Offload
from homeserver.federation.peers import PeerRequest, PeerRequests
from homeserver.federation.settings import ServerRules
from homeserver.http.egress import EgressStream
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.canonical_json import decode_strict, encode_lax
from homeserver.protocol.errors import MatrixError

T = TypeVar("T")

#: Answers beyond this are decoded in a thread.
INLINE_BYTES = 128 * 1024
#: Statuses of proxies before a server that is not there.
_GATEWAY = frozenset({502, 503, 504, *range(520, 528), 530})
_MAX_ERROR_BYTES = 64 * 1024


class Destinations(Protocol):
    """Which servers are being left alone because they were unreachable."""

    def check_may_try(self, server_name: str, *, is_urgent: bool = ...) -> None:
        """Raise `MatrixError` (502) while a server is not to be tried."""

    async def record_success(self, server_name: str) -> None:
        """The server answered."""

    async def record_failure(self, server_name: str, *, is_urgent: bool = ...) -> None:
        """The server could not be reached."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `path`: segments that are percent-encoded here; `content`: a JSON object, or its canonical bytes;
    None for no body. `is_counted`: whether to ask and tell `Destinations`. `is_urgent`: a person waits for the answer,
    and another try may well succeed where earlier ones did not. `is_asked_for`: a user has asked for just this (a
    join, a leave), so that it is tried however often the server could not be reached."""

    method: str
    path: tuple[str, ...]
    query: Sequence[tuple[str, str]] = ()
    content: Mapping[str, Any] | bytes | None = None
    options: EgressOptions = EgressOptions()  # noqa: RUF009 (frozen)
    is_counted: bool = True
    is_urgent: bool = False
    is_asked_for: bool = False

    @property
    def uri(self) -> str:
        """Path and query as they are sent and signed."""
        path = "/".join(quote(segment, safe="") for segment in self.path)
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in self.query)
        return f"/_matrix/{path}?{query}" if query else f"/_matrix/{path}"


class Calls:
    """Makes signed requests. Raises `FederationError` (`NotAllowed`, `Unreachable`, `HttpAnswer`,
    `BadAnswer`), and what `Destinations` raises."""

    def __init__(
        self,
        signer: RequestSigner,
        peers: PeerRequests,
        rules: ServerRules,
        destinations: Destinations,
        offload: Offload,
    ) -> None:
        self._signer = signer
        self._peers = peers
        self._rules = rules
        self._destinations = destinations
        self._offload = offload

    async def ask(self, destination: str, call: Call, shape: type[T]) -> T:
        """The answer as a value of a msgspec type; unknown fields are dropped."""
        self._check(destination, call)
        try:
            answer = await self._peers.request(destination, self._signed(destination, call))
        except Unreachable:
            await self._record(destination, call, is_success=False)
            raise
        await self._record(destination, call, is_success=answer.status not in _GATEWAY)
        if not 200 <= answer.status < 300:
            raise HttpAnswer(destination, answer.status, error_object(answer.body))
        try:
            if len(answer.body) <= INLINE_BYTES:
                return decode_answer(answer.body, shape)
            decoded: T = await self._offload(decode_answer, answer.body, shape)
            return decoded
        except ValueError as error:
            raise BadAnswer(destination, f"its answer is wrong: {error}") from None

    async def stream(self, destination: str, call: Call) -> EgressStream:
        """The answer, whatever its status, with its body still to be read."""
        self._check(destination, call)
        try:
            stream = await self._peers.stream(destination, self._signed(destination, call))
        except Unreachable:
            await self._record(destination, call, is_success=False)
            raise
        await self._record(destination, call, is_success=stream.status not in _GATEWAY)
        return stream

    def _check(self, destination: str, call: Call) -> None:
        if destination == self._signer.server_name:
            raise ValueError("a request to this server itself")
        if not self._rules.is_allowed(destination):
            raise NotAllowed(destination)
        if call.is_counted and not call.is_asked_for:
            self._destinations.check_may_try(destination, is_urgent=call.is_urgent)

    def is_left_alone(self, destination: str) -> bool:
        """Whether a server is being left alone, except for what is urgent."""
        try:
            self._destinations.check_may_try(destination)
        except MatrixError:
            return True
        return False

    def _signed(self, destination: str, call: Call) -> PeerRequest:
        content = call.content
        body = content if content is None or isinstance(content, bytes) else encode_lax(content)
        uri = call.uri
        headers = {"Authorization": self._signer.authorization(destination, call.method, uri, body)}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return PeerRequest(call.method, uri, headers, body or b"", call.options)

    async def _record(self, destination: str, call: Call, is_success: bool) -> None:
        if not call.is_counted:
            return
        if is_success:
            await self._destinations.record_success(destination)
        else:
            await self._destinations.record_failure(destination, is_urgent=call.is_urgent or call.is_asked_for)


def decode_answer(body: bytes, shape: type[T]) -> T:
    """A value of a msgspec type from JSON; raises ValueError.

    Lone surrogates, which are no Unicode, pass: they make one event invalid, and not the answer it came in.
    """
    try:
        value = decode_strict(body)
    except ValueError:
        value = _decode_surrogates(body)
    try:
        return msgspec.convert(value, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _decode_surrogates(body: bytes) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    if b"\\ud" not in body and b"\\uD" not in body:
        raise ValueError("not JSON")
    try:
        return json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None


def error_object(body: bytes) -> Mapping[str, Any]:
    """The object that an answer with an error holds; empty where it holds none."""
    if len(body) > _MAX_ERROR_BYTES:
        return {}
    try:
        value = decode_strict(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
