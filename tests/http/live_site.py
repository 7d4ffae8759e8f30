"""A listener in this process, and a client that sends whatever bytes a test wants."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet import reactor

from homeserver.http.head_checks import Limits
from homeserver.http.listeners import ListenerOptions, Listeners
from homeserver.http.rate_limits import RateLimits
from homeserver.http.request import Request
from homeserver.http.routing import Router
from homeserver.http.static_files import StaticFiles
from homeserver.protocol.errors import MatrixError, unknown_token
from homeserver.protocol.requester import Requester
from tests.support.own_reactor import run

ALICE = Requester("@alice:hearth.example", "PHONE", 1)
GUEST = Requester("@guest:hearth.example", "TAB", 2, is_guest=True)


class Tokens:
    """Knows `alice` at once, `slow` and `guest` after asking, and no other token."""

    def find_cached(self, token: str, request: Request) -> Requester | None:
        return ALICE if token == "alice" else None

    async def requester(self, token: str, request: Request) -> Requester:
        found = {"slow": ALICE, "guest": GUEST}.get(token)
        if found is None:
            raise unknown_token()
        return found


class Signatures:
    """Believes any X-Matrix origin but `evil.example`."""

    async def origin(self, request: Request) -> str:
        header = request.headers.get("authorization")
        if not header.startswith("X-Matrix origin=") or "evil" in header:
            raise MatrixError(401, "M_UNAUTHORIZED", "The signature is wrong.")
        return header.removeprefix("X-Matrix origin=")


@dataclass
class Reply:
    """An answer as it came over the wire."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def find(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key.lower() == name.lower()), None)

    def json(self) -> Any:
        return json.loads(self.body)


class LiveSite:
    """One listener with the given endpoints."""

    def __init__(
        self,
        *endpoints: object,
        limits: Limits | None = None,
        rate_limits: RateLimits | None = None,
        static: StaticFiles | None = None,
        **options: Any,
    ) -> None:
        self.router = Router(endpoints, Tokens(), Signatures(), rate_limits)
        self.listeners = Listeners(self.router, reactor, static, limits or Limits(sweep_interval_s=0.05))
        options.setdefault("resources", ["client", "federation", "media"])
        self.options = ListenerOptions(**options)
        self.port = self.on_reactor(lambda: self.listeners.open(self.options))
        self.site = self.listeners.sites[0]

    def on_reactor(self, work: Callable[[], Any]) -> Any:
        """Call a function on the reactor's thread."""

        async def call() -> Any:
            return work()

        return run(call())

    def client(self, tls: ssl.SSLContext | None = None, receive_buffer_bytes: int = 0) -> RawClient:
        """A new connection."""
        plain: socket.socket
        if self.options.unix_path is not None:
            plain = socket.socket(socket.AF_UNIX)
            plain.connect(str(self.options.unix_path))
        else:
            plain = socket.socket()
            if receive_buffer_bytes:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
            plain.connect(("127.0.0.1", self.port))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(10)
        return RawClient(plain if tls is None else tls.wrap_socket(plain, server_hostname="localhost"))

    def exchange(self, method: str, path: str, body: bytes = b"", headers: Sequence[str] = ()) -> Reply:
        """One request on a connection of its own."""
        client = self.client()
        try:
            return client.exchange(method, path, body, headers)
        finally:
            client.close()

    def close(self, grace_s: float = 0) -> None:
        run(self.listeners.close(grace_s))


class RawClient:
    """A socket, and just enough HTTP to take answers apart."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def exchange(self, method: str, path: str, body: bytes = b"", headers: Sequence[str] = ()) -> Reply:
        self.send(request_bytes(method, path, body, headers))
        return self.reply(is_head=method == "HEAD")

    def reply(self, is_head: bool = False) -> Reply:
        """The next answer; EOFError when the server closed instead."""
        head = self._until(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines[1:])]
        reply = Reply(int(lines[0].split(" ")[1]), fields, b"")
        length = reply.find("Content-Length")
        if is_head or reply.status in (100, 204, 304):
            return reply
        if reply.find("Transfer-Encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                reply.body += self._exactly(size)
                self._exactly(2)
            self._exactly(2)
        elif length is not None:
            reply.body = self._exactly(int(length))
        else:
            reply.body = self.rest()
        return reply

    def rest(self) -> bytes:
        """Everything until the server closes."""
        data, self._buffer = self._buffer, b""
        while piece := self._receive():
            data += piece
        return data

    def is_closed(self, within_s: float = 5.0) -> bool:
        """Whether the server closes, sending nothing more."""
        self.socket.settimeout(within_s)
        try:
            return not self._buffer and self._receive() == b""
        except TimeoutError:
            return False

    def close(self) -> None:
        self.socket.close()

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(65536)
        except ConnectionResetError:
            return b""

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            piece = self._receive()
            if not piece:
                raise EOFError(f"the server closed after {self._buffer!r}")
            self._buffer += piece
        found, self._buffer = self._buffer.split(end, 1)
        return found

    def _exactly(self, count: int) -> bytes:
        data = bytearray(self._buffer)
        while len(data) < count:
            piece = self._receive()
            if not piece:
                raise EOFError(f"the server closed, {count - len(data)} bytes short")
            data += piece
        self._buffer = bytes(data[count:])
        return bytes(data[:count])


def request_bytes(method: str, path: str, body: bytes = b"", headers: Sequence[str] = ()) -> bytes:
    """A well-formed request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: hearth.example", *headers]
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def wait_until(condition: Callable[[], bool], within_s: float = 5.0) -> bool:
    """Whether the condition comes true in time."""
    ends_at = time.monotonic() + within_s
    while time.monotonic() < ends_at:
        if condition():
            return True
        time.sleep(0.01)
    return condition()
