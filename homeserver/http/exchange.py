"""One request and its answer on a connection."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

from twisted.internet.defer import Deferred

from homeserver.http.errors import error_response
from homeserver.http.request import Disconnected, Request
from homeserver.http.response import Response
from homeserver.http.routing import Endpoint
from homeserver.http.running import Running
from homeserver.protocol.errors import MatrixError

#: Bytes of a streamed request body that may wait for the endpoint before the network is told to wait.
STREAM_BUFFER_BYTES = 128 * 1024

#: A body that nobody will read is taken from the network up to here, so that the connection can be kept.
UNREAD_BODY_BYTES = 64 * 1024


class BodyFlow(Protocol):
    """The connection, to a body's reader."""

    def continue_body(self, exchange: Exchange) -> None:
        """The endpoint wants the body: say `100 Continue` if the client waits for it, and read on."""


def too_large() -> MatrixError:
    """413 `M_TOO_LARGE`."""
    return MatrixError(413, "M_TOO_LARGE", "The request body is too large.")


class Exchange:
    """A request from its head's arrival until its answer has been written.

    `answer`: an answer that needs no endpoint (an error found in the head, say). `is_urgent`: it does not wait for the
    body, and the connection is closed after it. `is_received`: the whole request has arrived. `is_started`: the
    endpoint has been called, or the answer given.
    """

    __slots__ = (
        "_flow",
        "_parts",
        "_reader",
        "answer",
        "arrived_at",
        "body_bytes",
        "body_error",
        "endpoint",
        "is_http10",
        "is_kept_alive",
        "is_received",
        "is_started",
        "is_urgent",
        "kept_bytes",
        "request",
        "running",
        "sent_bytes",
        "started_s",
        "status",
        "wants_continue",
    )

    def __init__(self, flow: BodyFlow, request: Request) -> None:
        self._flow = flow
        self.request = request
        self.endpoint: Endpoint | None = None
        self.answer: Response | None = None
        self.running: Running | None = None
        self.is_http10 = False
        self.is_kept_alive = True
        self.is_urgent = False
        self.is_received = False
        self.is_started = False
        self.wants_continue = False
        self.body_bytes = 0
        self.kept_bytes = 0
        self.body_error: BaseException | None = None
        self.arrived_at = 0.0
        self.started_s = 0.0
        self.status = 0
        self.sent_bytes = 0
        self._parts: deque[bytes] = deque()
        self._reader: Deferred[None] | None = None

    @property
    def is_streamed(self) -> bool:
        """Whether the endpoint reads the body by itself."""
        return self.endpoint is not None and self.endpoint.stream_body

    @property
    def is_ready(self) -> bool:
        """Whether there is something to do besides waiting for the body."""
        return self.is_received or self.is_urgent or (self.answer is None and self.is_streamed)

    @property
    def is_full(self) -> bool:
        """Whether the network should wait for the endpoint."""
        return self.kept_bytes > STREAM_BUFFER_BYTES and self.is_streamed

    def refuse(self, answer: Response) -> None:
        """Answer with this at once, without the endpoint, and then close the connection."""
        self.answer = answer
        self.is_urgent = True
        self.is_kept_alive = False

    def refuse_with(self, error: MatrixError) -> None:
        """Refuse with this error."""
        self.refuse(error_response(error))

    def receive(self, data: bytes) -> None:
        """A piece of the body; what is too much, or for nobody, is dropped."""
        self.body_bytes += len(data)
        endpoint = self.endpoint
        if endpoint is None or self.answer is not None:
            if self.body_bytes > UNREAD_BODY_BYTES:
                self.is_urgent = True
        elif self.body_bytes <= endpoint.max_body_bytes:
            self._parts.append(data)
            self.kept_bytes += len(data)
        elif self.body_error is None:
            self.body_error = too_large()
            if not self.is_started and not endpoint.stream_body:
                self.take_body()
                self.refuse_with(too_large())

    def take_body(self) -> bytes:
        """The whole body, joined."""
        parts = self._parts
        if not parts:
            return b""
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        self._parts = deque()
        self.kept_bytes = 0
        return body

    def fail_body(self, error: BaseException) -> None:
        """The rest of the body will not come."""
        if not self.is_received and self.body_error is None:
            self.body_error = error
        self.wake_reader()

    def wake_reader(self) -> None:
        """Let the endpoint look for more body."""
        if self._reader is not None and (self._parts or self.is_received or self.body_error is not None):
            reader, self._reader = self._reader, None
            reader.callback(None)

    async def body_chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces; see `Request.body_chunks`."""
        while True:
            if self._parts:
                chunk = self._parts.popleft()
                self.kept_bytes -= len(chunk)
                yield chunk
            elif self.body_error is not None:
                raise self.body_error
            elif self.is_received:
                return
            else:
                self._flow.continue_body(self)
                if not self._parts and self.body_error is None and not self.is_received:
                    self._reader = Deferred()
                    await self._reader

    def disconnect(self) -> None:
        """The client is gone: cancel the endpoint if it may be, and tell those who asked."""
        self.fail_body(Disconnected("the client closed the connection"))
        self.request.note_disconnected()
        if self.running is not None and self.is_cancellable:
            self.running.cancel()

    @property
    def is_cancellable(self) -> bool:
        """Whether the endpoint may be stopped in the middle."""
        return self.endpoint is None or self.endpoint.is_cancellable or self.status != 0
