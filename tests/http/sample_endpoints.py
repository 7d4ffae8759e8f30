"""Endpoints that do what the tests need to see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from homeserver.http.request import Disconnected, Request
from homeserver.http.response import Json, Response, json_response
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import forbidden
from homeserver.protocol.requester import Requester


class Login(msgspec.Struct):
    """A typed body."""

    user: str
    age: int = 0


class Samples:
    """`calls` notes what ran."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.gate: Deferred[None] = Deferred()
        self.received_bytes = 0
        self.made_bytes = 0
        self.is_source_closed = False

    @route("GET", "/_matrix/client/v3/ping", access=Access.NONE)
    async def ping(self, request: Request) -> Json:
        self.calls.append("ping")
        return {"pong": request.query.first("n", "")}

    @route(["POST", "PUT"], "/_matrix/client/v3/echo", access=Access.NONE, max_body_bytes=100_000)
    async def echo(self, request: Request) -> Json:
        self.calls.append("echo")
        return Response(200, {"Content-Type": "application/octet-stream"}, request.body)

    @route("POST", "/_matrix/client/v3/object", access=Access.NONE)
    async def object(self, request: Request) -> Json:
        return request.json_object()

    @route("POST", "/_matrix/client/v3/typed", access=Access.NONE)
    async def typed(self, request: Request) -> Json:
        return request.decode(Login)

    @route("GET", "/_matrix/client/v3/whoami", access=Access.GUEST)
    async def whoami(self, request: Request, requester: Requester) -> Json:
        return {"user_id": requester.user_id}

    @route("GET", "/_matrix/client/v3/members_only")
    async def members_only(self, request: Request, requester: Requester) -> Json:
        return {"user_id": requester.user_id}

    @route("GET", "/_matrix/client/v3/maybe", access=Access.OPTIONAL)
    async def maybe(self, request: Request, requester: Requester | None) -> Json:
        return {"user_id": requester.user_id if requester else ""}

    @route("GET", "/_matrix/client/v3/limited", access=Access.GUEST, limit="rc_test")
    async def limited(self, request: Request, requester: Requester) -> Json:
        return {}

    @route("GET", "/_matrix/client/v3/limited_ip", access=Access.NONE, limit="rc_test")
    async def limited_ip(self, request: Request) -> Json:
        return {"ip": request.client_ip, "secure": str(request.is_secure)}

    @route("GET", "/_matrix/federation/v1/peer", access=Access.SERVER)
    async def peer(self, request: Request, origin: str) -> Json:
        return {"origin": origin}

    @route("GET", ["/_matrix/client/v3/rooms/{roomId}/state/{type}", "/_matrix/client/v3/rooms/{roomId}/state/{type}/"])
    @route("GET", "/_matrix/client/v3/rooms/{roomId}/state/{type}/{key}")
    async def state(self, request: Request, requester: Requester) -> Json:
        return request.parameters

    @route("GET", "/_matrix/client/v3/forbidden", access=Access.NONE)
    async def no(self, request: Request) -> Json:
        raise forbidden("No.")

    @route("GET", "/_matrix/client/v3/broken", access=Access.NONE)
    async def broken(self, request: Request) -> Json:
        raise ZeroDivisionError("a secret detail")

    @route("GET", "/_matrix/client/v3/unencodable", access=Access.NONE)
    async def unencodable(self, request: Request) -> Json:
        return {"x": object()}

    @route("GET", "/_matrix/client/v3/surrogate", access=Access.NONE)
    async def surrogate(self, request: Request) -> Json:
        return {"x": "\ud800", "null": "\x00"}

    @route("GET", "/_matrix/client/v3/injected", access=Access.NONE)
    async def injected(self, request: Request) -> Json:
        return json_response(200, {}, {"X-Name": "a\r\nSet-Cookie: b"})

    @route("GET", "/_matrix/client/v3/raw", access=Access.NONE)
    async def raw(self, request: Request) -> Json:
        return {"event": msgspec.Raw(b'{"spliced":1}')}

    @route("GET", "/_matrix/client/v3/empty", access=Access.NONE)
    async def empty(self, request: Request) -> Json:
        return Response(204)

    @route(["GET", "POST"], "/_matrix/client/v3/wait", access=Access.NONE)
    async def wait(self, request: Request) -> Json:
        self.calls.append("wait")
        try:
            await self.gate
        except CancelledError:
            self.calls.append("cancelled")
            raise
        self.calls.append("waited")
        return {"waited": True}

    @route("GET", "/_matrix/client/v3/large", access=Access.NONE)
    async def large(self, request: Request) -> Json:
        return Response(200, {"Content-Type": "text/plain"}, b"x" * request.query.integer("size", 0))

    @route("GET", "/_matrix/client/v3/stream", access=Access.NONE)
    async def stream(self, request: Request) -> Json:
        count = request.query.integer("count", 3)
        length = request.query.find_integer("length")
        return Response(200, {"Content-Type": "text/plain"}, self._pieces(count), length)

    @route("GET", "/_matrix/client/v3/stream_fails", access=Access.NONE)
    async def stream_fails(self, request: Request) -> Json:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"abc"
            raise OSError("the disk is gone")

        return Response(200, (), pieces())

    async def _pieces(self, count: int) -> AsyncIterator[bytes]:
        try:
            for _ in range(count):
                self.made_bytes += 65536
                yield b"y" * 65536
        finally:
            self.is_source_closed = True

    @route("POST", "/_matrix/media/v3/upload", stream_body=True, max_body_bytes=50_000_000)
    async def upload(self, request: Request, requester: Requester) -> Json:
        self.calls.append("upload")
        size = 0
        try:
            async for chunk in request.body_chunks():
                size += len(chunk)
                self.received_bytes = size
                if request.query.boolean("slowly"):
                    await pause(0.01)
                if request.query.boolean("stalls"):
                    await self.gate
        except Disconnected:
            self.calls.append("disconnected")
            raise
        return {"size": size}

    @route("POST", "/_matrix/media/v3/refuse", access=Access.NONE, stream_body=True, max_body_bytes=50_000_000)
    async def refuse(self, request: Request) -> Json:
        raise forbidden("Not for you.")


def pause(seconds: float) -> Deferred[Any]:
    """A Deferred that fires later."""
    waiting: Deferred[Any] = deferLater(reactor, seconds)
    return waiting
