"""One request, as endpoints see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred

from homeserver.http.headers import Headers
from homeserver.http.json_body import decode_json, decode_object, decode_typed
from homeserver.http.query import QueryArguments
from homeserver.protocol.errors import not_json
from homeserver.protocol.requester import Requester

T = TypeVar("T")


class BodySource(Protocol):
    """The connection a body still arrives on."""

    def body_chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces, taken from the network no faster than they are read."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a request comes from. `x_forwarded`: believe the proxy's `X-Forwarded-For` and `X-Forwarded-Proto`."""

    ip: str
    is_secure: bool = False
    x_forwarded: bool = False


_NO_PEER = Peer("127.0.0.1")
_serial = 0


class Request:
    """A request whose head has arrived; also its body, except on routes with `stream_body`.

    `method`: upper case. `path`: as sent, without the query. `uri`: as sent, with the query. `parameters`: the path's
    variables, percent-decoded. `body`: all bytes (empty on `stream_body` routes). `requester`, `origin`: set once the
    access token, or the X-Matrix signature, has been checked.
    """

    __slots__ = (
        "_client_ip",
        "_disconnected",
        "_query",
        "_request_id",
        "_serial",
        "body",
        "headers",
        "is_disconnected",
        "method",
        "origin",
        "parameters",
        "path",
        "peer",
        "query_string",
        "requester",
        "source",
        "uri",
    )

    def __init__(
        self, method: str, uri: str, headers: Headers | None = None, body: bytes = b"", peer: Peer = _NO_PEER
    ) -> None:
        global _serial
        _serial += 1
        self._serial = _serial
        self.method = method
        self.uri = uri
        self.path, _, self.query_string = uri.partition("?")
        self.headers = Headers() if headers is None else headers
        self.body = body
        self.peer = peer
        self.parameters: dict[str, str] = {}
        self.requester: Requester | None = None
        self.origin: str | None = None
        self.source: BodySource | None = None
        self.is_disconnected = False
        self._query: QueryArguments | None = None
        self._request_id: str | None = None
        self._client_ip: str | None = None
        self._disconnected: Deferred[None] | None = None

    @property
    def query(self) -> QueryArguments:
        """The query arguments."""
        if self._query is None:
            self._query = QueryArguments(self.query_string)
        return self._query

    @property
    def request_id(self) -> str:
        """Names the request in this process's logs, such as `PUT-1234`."""
        if self._request_id is None:
            self._request_id = f"{self.method}-{self._serial}"
        return self._request_id

    @property
    def requester_name(self) -> str:
        """The user or the server that asks, for logs; `-` while unknown."""
        if self.requester is not None:
            return self.requester.user_id
        return self.origin or "-"

    @property
    def client_ip(self) -> str:
        """The client's address: the last `X-Forwarded-For` entry where the listener trusts its proxy."""
        if self._client_ip is None:
            self._client_ip = self._forwarded("x-forwarded-for") or self.peer.ip
        return self._client_ip

    @property
    def is_secure(self) -> bool:
        """Whether the client spoke TLS (to us or to the proxy)."""
        return (self._forwarded("x-forwarded-proto").lower() or ("https" if self.peer.is_secure else "")) == "https"

    @property
    def user_agent(self) -> str:
        """The `User-Agent` field, or an empty string."""
        return self.headers.get("user-agent")

    def find_token(self) -> str | None:
        """The access token: `Authorization: Bearer`, or the deprecated `access_token` query argument.

        https://spec.matrix.org/v1.19/client-server-api/#using-access-tokens
        """
        header = self.headers.raw(b"authorization")
        if header is not None and header[:7].lower() == b"bearer ":
            return header[7:].strip().decode("latin-1") or None
        if "access_token" in self.query_string:
            return self.query.find("access_token")
        return None

    def json_object(self, optional: bool = False) -> dict[str, Any]:
        """The body as a JSON object; with `optional`, no body is `{}`.

        Raises `MatrixError` 400 `M_NOT_JSON` or `M_BAD_JSON`.
        """
        if not self.body:
            return self._empty_object(optional)
        return decode_object(self.body)

    def json(self) -> Any:
        """The body as any JSON value; raises as `json_object`."""
        return decode_json(self.body)

    def decode(self, shape: type[T], optional: bool = False) -> T:
        """The body as a value of a msgspec type; with `optional`, no body is `{}`.

        Raises `MatrixError` 400: `M_MISSING_PARAM` or `M_BAD_JSON` naming the field, `M_NOT_JSON`.
        """
        if not self.body:
            self._empty_object(optional)
            return decode_typed(b"{}", shape)
        return decode_typed(self.body, shape)

    def body_chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces, on routes with `stream_body=True`.

        Raises `MatrixError` 413 `M_TOO_LARGE` beyond the route's `max_body_bytes`, and `Disconnected` when the client
        goes away before the end.
        """
        if self.source is None:
            return _whole(self.body)
        return self.source.body_chunks()

    @property
    def content_length(self) -> int | None:
        """The announced length of the body in bytes; None where it comes in chunks."""
        raw = self.headers.raw(b"content-length")
        if raw is not None:
            return int(raw)
        return None if self.headers.raw(b"transfer-encoding") is not None else 0

    @property
    def disconnected(self) -> Deferred[None]:
        """Fires with None when the client goes away. One Deferred for each time it is asked for is not made: it is
        the same one, so chain on it and do not cancel it."""
        if self._disconnected is None:
            self._disconnected = Deferred()
            if self.is_disconnected:
                self._disconnected.callback(None)
        return self._disconnected

    def note_disconnected(self) -> None:
        """Called by the connection, once."""
        self.is_disconnected = True
        if self._disconnected is not None:
            self._disconnected.callback(None)

    def _empty_object(self, optional: bool) -> dict[str, Any]:
        if optional:
            return {}
        raise not_json("The request has no JSON body.")

    def _forwarded(self, name: str) -> str:
        if not self.peer.x_forwarded:
            return ""
        values = self.headers.all(name)
        return values[-1].rsplit(",", 1)[-1].strip() if values else ""


class Disconnected(Exception):
    """The client went away while its request body was being read."""


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body
