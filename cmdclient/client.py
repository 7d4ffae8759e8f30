"""Requests to a homeserver: JSON over HTTP/1.1, one connection a request.

https://spec.matrix.org/v1.19/client-server-api/#api-standards
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from cmdclient.errors import ApiError, TransportError, UsageError

CLIENT_PREFIX = "/_matrix/client/v3"
DEFAULT_TIMEOUT_S = 90.0
CONNECT_TIMEOUT_S = 20.0
GREATEST_ANSWER_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Payload:
    """A body that is not JSON."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file of the server; `name` if it has one."""

    content: bytes
    content_type: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `body` is None when none was sent, else JSON or a Payload.

    `answer` is JSON, text that is not JSON, or None if it was empty.
    """

    method: str
    target: str
    is_authenticated: bool
    body: Any
    status: int
    reason: str
    answer: Any
    duration_ms: int


Observer = Callable[[Exchange], None]


def api_path(*parts: str) -> str:
    """The path of a client-server endpoint: `api_path("rooms", room_id, "join")`; the parts are escaped."""
    return "/".join((CLIENT_PREFIX, *(quote(part, safe="") for part in parts)))


def homeserver_url(text: str) -> str:
    """The URL of a homeserver as a person writes it; a bare name is taken for `https://`. Else UsageError."""
    url = text.strip()
    url = (url if "://" in url else f"https://{url}").rstrip("/")
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_good = False
    if not is_good or parts.username or parts.query or parts.fragment:
        raise UsageError(f"{text!r} is no homeserver URL; one looks like https://matrix.example.org")
    return url


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Certificates are always checked: against `ca_file` (PEM), or what the system trusts. UsageError if unreadable."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"{ca_file} has no certificates that could be read: {error}") from error


class Client:
    """Speaks to one homeserver, perhaps as a user. Not for several threads at a time, `interrupt` excepted."""

    def __init__(self, homeserver: str, tls: ssl.SSLContext, access_token: str | None = None) -> None:
        self.homeserver = homeserver
        self.access_token = access_token
        self.observer: Observer | None = None
        self._tls = tls
        self._connection: http.client.HTTPConnection | None = None

    def with_token(self, access_token: str | None) -> Client:
        """Another client of the same homeserver and the same observer."""
        other = Client(self.homeserver, self._tls, access_token)
        other.observer = self.observer
        return other

    def at(self, url: str) -> Client:
        """A client of another server, without a token."""
        other = Client(url, self._tls)
        other.observer = self.observer
        return other

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> Any:
        """The JSON of a 2xx answer, None for an empty one.

        ApiError for an error answer, TransportError when there was none, or no JSON.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        begun = time.monotonic()
        status, reason, _, content = self._exchange(method, target, body, timeout_s)
        answer, is_json = _json_or_text(content)
        has_token = self.access_token is not None
        self._observe(Exchange(method, target, has_token, body, status, reason, answer, _ms_since(begun)))
        bare_path = path.partition("?")[0]
        if not is_json:
            raise TransportError(
                f"{self.homeserver} answered {method} {bare_path} with {status} {reason} and no JSON. "
                "Is this the address of a Matrix homeserver, and not of its web site or a proxy?"
            )
        if not 200 <= status < 300:
            raise ApiError(status, answer if isinstance(answer, dict) else {}, bare_path)
        return answer

    def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """GET of an endpoint that answers with an object."""
        return self._object(self.request("GET", path, query=query))

    def find(self, path: str) -> dict[str, Any]:
        """The same of something that may not be there: then it is an empty object."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.errcode != "M_NOT_FOUND":
                raise
            return {}

    def post(self, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """POST to an endpoint that answers with an object; without a body, of `{}`."""
        return self._object(self.request("POST", path, {} if body is None else body, query))

    def put(self, path: str, body: Any) -> dict[str, Any]:
        """PUT to an endpoint that answers with an object."""
        return self._object(self.request("PUT", path, body))

    def delete(self, path: str, body: Any = None) -> dict[str, Any]:
        """DELETE of an endpoint that answers with an object."""
        return self._object(self.request("DELETE", path, body))

    def upload(self, path: str, content: bytes, content_type: str, query: Mapping[str, str]) -> dict[str, Any]:
        """POST of bytes to an endpoint that answers with an object. Errors as of `request`."""
        return self._object(self.request("POST", path, Payload(content, content_type), query))

    def download(self, path: str) -> Download:
        """The bytes of a 2xx answer. Errors as of `request`."""
        begun = time.monotonic()
        status, reason, headers, content = self._exchange("GET", path, None, DEFAULT_TIMEOUT_S)
        is_good = 200 <= status < 300
        told = f"({len(content)} bytes of {headers.get('Content-Type')})" if is_good else _json_or_text(content)[0]
        self._observe(
            Exchange("GET", path, self.access_token is not None, None, status, reason, told, _ms_since(begun))
        )
        if not is_good:
            raise ApiError(status, told if isinstance(told, dict) else {}, path)
        return Download(content, headers.get("Content-Type") or "application/octet-stream", headers.get_filename())

    def interrupt(self) -> None:
        """End the request that another thread waits for; that one gets a TransportError."""
        connection = self._connection
        sock = connection.sock if connection is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _object(self, answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict):
            raise TransportError(f"{self.homeserver} answered with JSON that is no object, against the specification.")
        return answer

    def _observe(self, exchange: Exchange) -> None:
        if self.observer is not None:
            self.observer(exchange)

    def _exchange(
        self, method: str, target: str, body: Any, timeout_s: float
    ) -> tuple[int, str, http.client.HTTPMessage, bytes]:
        parts = urlsplit(self.homeserver)
        headers = {"Accept": "application/json", "User-Agent": "hearth-cli"}
        if self.access_token is not None:
            headers["Authorization"] = f"Bearer {self.access_token}"
        payload = None
        if isinstance(body, Payload):
            payload, headers["Content-Type"] = body.content, body.content_type
        elif body is not None:
            payload, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection = self._new_connection(parts.scheme, parts.hostname or "", parts.port)
        self._connection = connection
        waited_s = CONNECT_TIMEOUT_S
        try:
            connection.connect()
            waited_s = timeout_s
            connection.sock.settimeout(timeout_s)
            connection.request(method, parts.path + target, payload, headers)
            response = connection.getresponse()
            content = response.read(GREATEST_ANSWER_BYTES + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise TransportError(_sentence(error, self.homeserver, waited_s)) from error
        finally:
            self._connection = None
            connection.close()
        if len(content) > GREATEST_ANSWER_BYTES:
            raise TransportError(f"{self.homeserver} answered with more than {GREATEST_ANSWER_BYTES} bytes.")
        return response.status, response.reason, response.headers, content

    def _new_connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=CONNECT_TIMEOUT_S, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT_S)


def _json_or_text(content: bytes) -> tuple[Any, bool]:
    """The value, and whether it was JSON; an empty answer counts as JSON."""
    try:
        return (json.loads(content) if content else None), True
    except ValueError:
        return content.decode("utf-8", "replace"), False


def _ms_since(begun_s: float) -> int:
    return round((time.monotonic() - begun_s) * 1000)


def _sentence(error: Exception, homeserver: str, waited_s: float) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"{homeserver} refused the connection. Is the server running, and is this its address and port?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of {homeserver} is not trusted: {error.verify_message}. "
            "If an authority of your own made it, name that one's certificate with --ca-file FILE."
        )
    if isinstance(error, ssl.SSLError):
        return f"{homeserver} could not be spoken to with TLS ({error.reason}). Does it want http:// instead?"
    if isinstance(error, socket.gaierror):
        return f"No address was found for the name in {homeserver}. Check the spelling and the network."
    if isinstance(error, TimeoutError):
        return f"{homeserver} did not answer within {waited_s:.0f} seconds. Check the address, or try again later."
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return f"{homeserver} closed the connection without an answer. Does it want https:// instead?"
    if isinstance(error, http.client.HTTPException):
        return f"{homeserver} did not answer as an HTTP server does ({type(error).__name__}). Check the port."
    return f"{homeserver} could not be reached: {error}"
