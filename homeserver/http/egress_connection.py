"""One outbound HTTP/1.1 connection, parsed by llhttp (httptools)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from homeserver.http.egress_errors import (
    BadResponse,
    BodyTooLarge,
    ConnectionBroken,
    EgressError,
    StaleConnection,
    TlsFailed,
)
from homeserver.http.egress_tls import TlsPeer, tls_failure
from homeserver.http.headers import Headers

#: Bytes that may come without one byte of body among them: the head, chunk extensions, trailers.
MAX_OVERHEAD_BYTES = 128 * 1024
MAX_HEADER_FIELDS = 256
#: Received and not yet read; above this the peer is made to wait.
BUFFER_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """Status and header fields of an answer."""

    status: int
    headers: Headers


@implementer(IHandshakeListener)
class HttpConnection(Protocol):
    """Sends one request at a time. `ready` fires when connected and, on TLS, when the certificate was found good.

    `send` gives the head, then `next_chunk` the body piece by piece; `is_reusable` says whether another request
    may follow. Every error is an `EgressError`, and the connection is closed after one.
    """

    transport: Any = None

    def __init__(self, peer: TlsPeer | None) -> None:
        self.ready: Deferred[None] = Deferred(self._cancel)
        self.when_closed: Callable[[], None] | None = None
        self.is_reusable = False
        self.is_closed = False
        self.idle_since = 0.0
        self._is_given_up = False
        self._peer = peer
        self._parser: HttpResponseParser | None = None
        self._failure: EgressError | None = None
        self._head: Deferred[Head] | None = None
        self._wanted: Deferred[bytes] | None = None
        self._start(0)

    def _start(self, max_body_bytes: int) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self._chunks: deque[bytes] = deque()
        self._buffered_bytes = 0
        self._left_bytes = max_body_bytes
        self._overhead_bytes = 0
        self._answer: Head | None = None
        self._has_head = self._is_complete = self._is_paused = self._is_delimited = False

    # Called by the user of the connection.

    def send(self, request: bytes, max_body_bytes: int) -> Deferred[Head]:
        """Send the bytes of a request; fires with the answer's head. Cancelling closes the connection."""
        self._start(max_body_bytes)
        self.is_reusable = False
        head: Deferred[Head] = Deferred(self._cancel)
        self._head = head
        if self.is_closed or self.transport is None:
            self._fail(StaleConnection("the connection was closed"))
            return head
        self._parser = HttpResponseParser(self)
        self.transport.write(request)
        return head

    def next_chunk(self) -> Deferred[bytes]:
        """Fires with some bytes of the body; with none at its end. Cancelling closes the connection."""
        wanted: Deferred[bytes] = Deferred(self._cancel)
        self._wanted = wanted
        self._deliver()
        return wanted

    def abort(self, failure: EgressError | None = None) -> None:
        """Close at once; whoever waits gets the failure."""
        self._fail(failure or ConnectionBroken("the request was abandoned"))

    # Called by Twisted.

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's interface)
        """TCP is connected; TLS is not yet."""
        # Else the request waits until the peer acknowledges the end of the handshake, which it may put off for 40 ms.
        self.transport.setTcpNoDelay(True)
        if self._peer is None:
            self.ready.callback(None)

    def handshakeCompleted(self) -> None:  # noqa: N802 (Twisted's interface)
        """TLS is connected: check who it is with before anything is sent."""
        if self._peer is None or self.ready.called or self.transport is None:
            return
        try:
            self._peer.check_identity(self.transport.getHandle())
        except EgressError as failure:
            self._fail(failure)
        else:
            self.ready.callback(None)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's interface)
        """Parse; what comes when nothing was asked ends the connection."""
        parser = self._parser
        if parser is None:
            self._fail(BadResponse("bytes that nobody asked for"))
            return
        self._overhead_bytes += len(data)
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            # Whatever follows a whole answer spoils the connection, and not the answer.
            self.is_reusable = False
            if not self._is_complete:
                self._fail(self._failure or BadResponse("not HTTP/1.1"))
                return
        if self._overhead_bytes > MAX_OVERHEAD_BYTES and not self._is_complete:
            self._fail(BadResponse("too much head and too little body"))
            return
        head, answer = self._head, self._answer
        if head is not None and answer is not None:
            self._head = None
            head.callback(answer)
        if self._wanted is not None:
            self._deliver()
        elif self._buffered_bytes > BUFFER_BYTES and not self._is_paused and not self.is_closed:
            self._is_paused = True
            self.transport.pauseProducing()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802 (Twisted's interface)
        """The end; for an answer without a length this is also the end of its body."""
        self.is_closed = True
        self.is_reusable = False
        clean = isinstance(reason.value, ConnectionDone)
        if self._has_head and not self._is_complete and not self._is_delimited and clean:
            self._complete()
            self._deliver()
        elif isinstance(reason.value, SSL.Error):
            self._fail(tls_failure(reason.value))
        elif not self.ready.called:
            self._fail(TlsFailed("the peer closed the connection during the TLS handshake"))
        elif self._parser is not None and not self._has_head and self._overhead_bytes == 0:
            self._fail(StaleConnection("the peer closed the connection without an answer"))
        else:
            self._fail(ConnectionBroken("the peer closed the connection"))

    # Called by the parser.

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer field (which is dropped)."""
        if len(self._fields) >= MAX_HEADER_FIELDS:
            self._stop(BadResponse("too many header fields"))
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole; informational answers (1xx) precede the real one."""
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status < 200:
            return
        if self._has_head:
            self._stop(BadResponse("a second answer"))
        headers = Headers(self._fields)
        length = headers.find("content-length")
        self._is_delimited = length is not None or "transfer-encoding" in headers
        # Without a length the parser reads to the end of the connection; a coding other than chunked does so too.
        if length is None and self._is_delimited:
            self._is_delimited = headers.get("transfer-encoding").lower().rpartition(",")[2].strip() == "chunked"
        if length is not None and int(length) > self._left_bytes:
            self._stop(BodyTooLarge("the announced body is too large"))
        self._has_head = True
        self._answer = Head(status, headers)

    def on_body(self, data: bytes) -> None:
        """Some bytes of the body."""
        self._overhead_bytes = 0
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            self._stop(BodyTooLarge("the body is too large"))
        self._chunks.append(data)
        self._buffered_bytes += len(data)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        assert self._parser is not None
        if not self._has_head:
            self._fields = []
            return
        self.is_reusable = not self.is_closed and bool(self._parser.should_keep_alive())
        self._complete()

    def on_message_begin(self) -> None:
        """An answer begins; a second one is an error."""
        if self._is_complete:
            self._stop(BadResponse("a second answer"))

    # Within.

    def _complete(self) -> None:
        self._is_complete = True
        self._parser = None

    def _deliver(self) -> None:
        wanted = self._wanted
        if wanted is None:
            return
        if self._chunks:
            chunk = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
            self._chunks.clear()
            self._buffered_bytes = 0
            if self._is_paused and not self.is_closed:
                self._is_paused = False
                self.transport.resumeProducing()
        elif self._is_complete:
            chunk = b""
        elif self._failure is not None:
            self._wanted = None
            wanted.errback(self._failure)
            return
        else:
            return
        self._wanted = None
        wanted.callback(chunk)

    def _cancel(self, waiting: Deferred[Any]) -> None:
        """Whoever waits gave up, and is told so by its Deferred."""
        self._is_given_up = True
        if waiting is self._head:
            self._head = None
        if waiting is self._wanted:
            self._wanted = None
        self._fail(ConnectionBroken("the request was given up"))

    def _stop(self, failure: EgressError) -> None:
        """Stop the parser from within one of its calls."""
        self._failure = failure
        raise failure

    def _fail(self, failure: EgressError) -> None:
        self.is_reusable = False
        if self._failure is None:
            self._failure = failure
        if not self.is_closed:
            self.is_closed = True
            if self.transport is not None:
                self.transport.abortConnection()
        self._parser = None
        when_closed, self.when_closed = self.when_closed, None
        if when_closed is not None:
            when_closed()
        if not self.ready.called and not self._is_given_up:
            self.ready.errback(failure)
        head, self._head = self._head, None
        if head is not None and not head.called:
            head.errback(failure)
        if not self._is_complete:
            self._chunks.clear()
        self._deliver()
