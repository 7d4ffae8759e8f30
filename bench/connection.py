"""Keep-alive HTTP/1.1 connections with one request at a time, as cheap as can be: the load must not be the limit."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote, urlsplit

import httptools

V3 = "/_matrix/client/v3"


class RequestFailed(Exception):
    """The server gave no answer, or not the one that was asked for."""


def quoted(text: str) -> str:
    """For a path or a query."""
    return quote(text, safe="")


class Connection(asyncio.Protocol):
    """One connection. `send` gives status and body."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """RequestFailed where the connection is lost meanwhile."""
        if self._transport is None:
            raise RequestFailed("not connected")
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiter

    async def call(self, request: bytes) -> dict[str, Any]:
        """The JSON object of an answer with status 200."""
        status, body = await self.send(request)
        expect_ok(request, status, body)
        answer: dict[str, Any] = json.loads(body)
        return answer

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(RequestFailed("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        body, self._body = b"".join(self._body), []
        status = self._parser.get_status_code()
        self._parser = httptools.HttpResponseParser(self)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result((status, body))


class Address:
    """Where a server listens; builds requests to it, and connects."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._netloc = parts.netloc

    async def connect(self) -> Connection:
        """A new connection; OSError where nobody listens."""
        _, connection = await asyncio.get_running_loop().create_connection(Connection, self._host, self._port)
        return connection

    async def connections(self, count: int) -> list[Connection]:
        """Several at once."""
        return list(await asyncio.gather(*(self.connect() for _ in range(count))))

    def request(self, method: str, path: str, token: str | None = None, body: object = None) -> bytes:
        """The bytes of a request with a JSON body, or none."""
        if body is None:
            return self.upload(method, path, token, None, "application/json")
        return self.upload(method, path, token, json.dumps(body, separators=(",", ":")).encode(), "application/json")

    def upload(self, method: str, path: str, token: str | None, body: bytes | None, content_type: str) -> bytes:
        """The bytes of a request with any body."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._netloc}", "User-Agent: hearth-bench"]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        if body is not None:
            lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def expect_ok(request: bytes, status: int, body: bytes) -> None:
    """RequestFailed for any status but 200."""
    if status != 200:
        line = request.split(b"\r\n", 1)[0].decode()
        raise RequestFailed(f"{line} -> {status} {body[:300]!r}")
