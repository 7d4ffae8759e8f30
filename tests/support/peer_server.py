"""A web server of the standard library in a thread: the far end of outbound requests."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Received:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Exchange(BaseHTTPRequestHandler):
    """One connection; a test's `answer` writes to it."""

    protocol_version = "HTTP/1.1"
    request_body = b""

    def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def raw(self, data: bytes) -> None:
        """Bytes that may be no HTTP at all."""
        self.wfile.write(data)
        self.wfile.flush()

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.request_body = self.rfile.read(length)
        self.server.peer.serve(self)  # type: ignore[attr-defined]

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    peer: PeerServer

    def __init__(self, family: socket.AddressFamily, address: str, port: int, tls: ssl.SSLContext | None) -> None:
        self.address_family = family
        self._tls = tls
        super().__init__((address, port), Exchange)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.peer.connections += 1
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests."""


class PeerServer:
    """Listens on loopback. `answer` is called in a thread for every request; `received` are the requests so far."""

    def __init__(
        self, answer: Callable[[Exchange], None], tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
    ) -> None:
        self.answer = answer
        self.received: list[Received] = []
        self.connections = 0
        self.server_names: list[str | None] = []
        if tls is not None:
            tls.sni_callback = lambda _, name, __: self.server_names.append(name)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = _Listener(family, address, 0, tls)
        self._listener.peer = self
        self.port: int = self._listener.server_address[1]
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def serve(self, exchange: Exchange) -> None:
        """Note a request and answer it."""
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        self.received.append(Received(exchange.command, exchange.path, headers, exchange.request_body))
        self.answer(exchange)

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown()
        self._listener.server_close()
