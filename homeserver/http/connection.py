"""A client's connection: bytes to requests, one answered at a time, answers to bytes."""

from __future__ import annotations

import logging
import math
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httptools
from twisted.internet import tcp
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from homeserver.http.answering import start
from homeserver.http.exchange import UNREAD_BODY_BYTES, Exchange, too_large
from homeserver.http.head_checks import find_head_problem, malformed, origin_form, refusal
from homeserver.http.headers import Headers
from homeserver.http.outgoing import Outgoing
from homeserver.http.request import Peer, Request
from homeserver.http.response import Response
from homeserver.protocol.errors import MatrixError

if TYPE_CHECKING:
    from homeserver.http.server import HttpSite

log = logging.getLogger(__name__)

#: Bytes that may arrive during an answer before the network is told to wait. More is only seen in pipelining.
_PENDING_BYTES = 64 * 1024
#: Read from the network at once while a large body comes: every turn of the reactor costs.
_STREAM_READ_BYTES = 128 * 1024
#: Requests answered in one turn of the reactor, so that a pipelining client does not keep it to itself.
_ANSWERS_A_TURN = 16


class HttpConnection(Protocol):
    """One connection. llhttp parses; this class decides when it may, and what follows.

    Bytes are parsed only while no complete request waits for its answer: so requests are served strictly in order, and
    a body waits in the network, not here, while its endpoint does not read it.
    """

    outgoing: Outgoing

    def __init__(self, site: HttpSite, peer: Peer) -> None:
        self.site = site
        self.peer = peer
        self.deadline = math.inf
        self.is_lost = False
        # Twisted's transport: TCP, UNIX or TLS.
        self._wire: Any = None
        self._queue: deque[Exchange] = deque()
        self._parser = httptools.HttpRequestParser(self)
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._is_reading = True
        self._is_in_turn = False
        self._is_closing = False
        self._lingers = False
        # Nothing more is parsed: the client broke the rules, or the connection closes after the answer under way.
        self._is_deaf = False
        # The head being parsed.
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._head_deadline = math.inf
        # Bytes since the parser last showed progress: bounds unfinished heads, trailers and chunk extensions.
        self._idle_bytes = 0
        self._is_upgrade = False

    # Twisted's side.

    def connectionMade(self) -> None:  # noqa: N802
        """A client connected."""
        self._wire = self.transport
        with suppress(AttributeError, OSError):
            self._wire.setTcpNoDelay(True)
        self.outgoing = Outgoing(self._wire, self._outgoing_changed)
        self.site.connections.add(self)
        self.deadline = self.site.now + self.site.limits.header_timeout_s

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Bytes came."""
        if self._is_deaf:
            return
        if self._pending or self._is_in_turn or not self._may_parse():
            self._pending.append(data)
            self._pending_bytes += len(data)
            self._regulate()
        else:
            self._turn(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """The client, or we, closed the connection."""
        self.is_lost = self._is_closing = self._is_deaf = True
        self.deadline = math.inf
        self._pending.clear()
        self.site.connections.discard(self)
        self.outgoing.close()
        for exchange in list(self._queue):
            exchange.disconnect()
        # The parser holds this object, and this object it: do not leave that to the garbage collector.
        del self._parser

    # llhttp's side: these only take notes; what is to be done is done after the parser returned.

    def on_message_begin(self) -> None:
        """A request starts."""
        self._target = b""
        self._fields = []
        self._head_deadline = self.site.now + self.site.limits.header_timeout_s

    def on_url(self, piece: bytes) -> None:
        """The request target, in one or more pieces."""
        self._target = self._target + piece if self._target else piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer field (of which nothing is made)."""
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is complete: find out what the request is for."""
        self._head_deadline = math.inf
        if self._is_upgrade:
            # The made-up head of `_go_on_without_upgrade`.
            return
        fields = self._fields
        # Trailers go elsewhere.
        self._fields = []
        parser = self._parser
        headers = Headers(fields)
        request = Request(parser.get_method().decode("ascii"), origin_form(self._target), headers, b"", self.peer)
        exchange = Exchange(self, request)
        version = parser.get_http_version()
        exchange.is_http10 = version == "1.0"
        exchange.is_kept_alive = parser.should_keep_alive()
        exchange.arrived_at = self.site.now
        self._is_upgrade = parser.should_upgrade()
        self._queue.append(exchange)
        problem = find_head_problem(version, request) or self._find_excess(fields)
        self._idle_bytes = 0
        if problem is not None:
            exchange.refuse(problem)
            return
        self.site.resolve(exchange)
        self._expect_body(exchange)

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        self._idle_bytes = 0
        self._queue[-1].receive(piece)

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._idle_bytes = 0
        if not self._is_upgrade:
            self._queue[-1].is_received = True

    def _find_excess(self, fields: list[tuple[bytes, bytes]]) -> Response | None:
        """The refusal of a head that is too large."""
        limits = self.site.limits
        if len(fields) > limits.max_header_count:
            return refusal(431, "There are too many header fields.")
        if self._idle_bytes <= limits.max_header_bytes:
            return None
        # What came with it may be more than the head; so count.
        if len(self._target) > limits.max_header_bytes // 2:
            return refusal(414, "The request target is too long.")
        if len(self._target) + sum([len(name) + len(value) + 4 for name, value in fields]) > limits.max_header_bytes:
            return refusal(431, "The request head is too large.")
        return None

    def _expect_body(self, exchange: Exchange) -> None:
        """Look at what the head says of the body: too long, or waiting for our word."""
        headers = exchange.request.headers
        expectation = headers.raw(b"expect")
        if expectation is not None and not exchange.is_http10:
            if expectation.strip().lower() != b"100-continue":
                exchange.refuse(refusal(417, "Unknown expectation."))
                return
            exchange.wants_continue = True
        length_bytes = exchange.request.content_length
        if exchange.answer is not None:
            if exchange.wants_continue or (length_bytes is not None and length_bytes > UNREAD_BODY_BYTES):
                exchange.refuse(exchange.answer)
        elif exchange.endpoint is not None and (length_bytes or 0) > exchange.endpoint.max_body_bytes:
            exchange.refuse_with(too_large())
        elif exchange.is_streamed:
            self._read_at_once(_STREAM_READ_BYTES)

    # Parsing and answering.

    def _may_parse(self) -> bool:
        queue = self._queue
        if not queue:
            return True
        return len(queue) == 1 and not queue[0].is_received and not queue[0].is_full

    def _turn(self, data: bytes | None = None) -> None:
        """Parse and answer for as long as there is something to parse or answer."""
        if self._is_in_turn:
            return
        self._is_in_turn = True
        answered = 0
        try:
            while not self._is_closing:
                if data is not None:
                    self._feed(data)
                    data = None
                if self._queue and self._answer_next():
                    answered += 1
                    if answered == _ANSWERS_A_TURN:
                        self.site.reactor.callLater(0, self._turn)
                        break
                elif not self._pending or not self._may_parse():
                    break
                else:
                    data = b"".join(self._pending)
                    self._pending.clear()
                    self._pending_bytes = 0
        finally:
            self._is_in_turn = False
        self._regulate()

    def _feed(self, data: bytes) -> None:
        self._idle_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            if isinstance(error, httptools.HttpParserCallbackError):
                log.error("Unexpected exception while parsing", exc_info=error.__context__)
            self._refuse_rest(malformed())
        else:
            if self._idle_bytes > self.site.limits.max_header_bytes + _PENDING_BYTES:
                self._refuse_rest(refusal(431, "The request head is too large."))

    def _go_on_without_upgrade(self, rest: bytes) -> None:
        """We offer no other protocol, so the request stays HTTP/1.1. llhttp has stopped at the end of its head: a new
        parser is told of the body's framing by a made-up head."""
        self._parser = httptools.HttpRequestParser(self)
        exchange = self._queue[-1]
        length_bytes = exchange.request.content_length
        if length_bytes != 0:
            framing = b"Transfer-Encoding: chunked" if length_bytes is None else b"Content-Length: %d" % length_bytes
            self._parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n\r\n")
        else:
            exchange.is_received = True
        self._is_upgrade = False
        if rest:
            self._feed(rest)

    def _refuse_rest(self, response: Response) -> None:
        """Parse nothing more; the request being received, or the next one, is answered with this."""
        self._is_deaf = True
        self._pending.clear()
        self._pending_bytes = 0
        exchange = self._queue[-1] if self._queue else None
        if exchange is None or exchange.is_received:
            target = self._target.decode("latin-1") if self._head_deadline is not math.inf else "-"
            exchange = Exchange(self, Request("-", target, None, b"", self.peer))
            self._queue.append(exchange)
        if exchange.is_started:
            exchange.is_kept_alive = False
            exchange.fail_body(MatrixError(response.status, "M_UNKNOWN", "The request body is malformed or too slow."))
        elif not exchange.is_urgent:
            exchange.refuse(response)

    def _answer_next(self) -> bool:
        """Do what can be done for the first request; true when it has been answered for good."""
        exchange = self._queue[0]
        if exchange.is_started:
            exchange.wake_reader()
        elif self.outgoing.is_busy:
            return False
        elif exchange.is_ready:
            start(self, exchange)
        else:
            self._say_continue(exchange)
        return not self._queue or self._queue[0] is not exchange

    def _say_continue(self, exchange: Exchange) -> None:
        if exchange.wants_continue:
            exchange.wants_continue = False
            if not exchange.body_bytes:
                self.outgoing.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def continue_body(self, exchange: Exchange) -> None:
        """The endpoint wants the body (see `BodyFlow`)."""
        self._say_continue(exchange)
        self._turn()

    def answered(self, exchange: Exchange) -> None:
        """The first request's answer has been handed over."""
        self._queue.popleft()
        if exchange.is_streamed:
            self._read_at_once(tcp.Connection.bufferSize)
        if not exchange.is_kept_alive or not exchange.is_received or self.site.is_draining:
            self.close(lingers=self._is_deaf or not exchange.is_received)
        elif not self._is_in_turn:
            self._turn()

    # Reading, waiting, closing.

    def _read_at_once(self, most_bytes: int) -> None:
        if isinstance(self._wire, tcp.Connection):
            self._wire.bufferSize = most_bytes

    def _regulate(self) -> None:
        """Read from the network, or let it wait; and set the time limit for what comes next."""
        if self.is_lost:
            return
        may_read = self._is_deaf or self._pending_bytes <= _PENDING_BYTES
        if may_read is not self._is_reading:
            self._is_reading = may_read
            if may_read:
                self._wire.resumeProducing()
            else:
                self._wire.pauseProducing()
        if not self._is_closing:
            self.deadline = self._next_deadline()

    def _next_deadline(self) -> float:
        now = self.site.now
        limits = self.site.limits
        if self.outgoing.is_busy:
            return now + limits.write_timeout_s
        if self._queue:
            first = self._queue[0]
            if first.is_received or self._is_deaf or (first.is_started and (first.wants_continue or first.kept_bytes)):
                # It is the endpoint that we wait for, not the client.
                return math.inf
            allowed_s = 2 * limits.body_timeout_s + first.body_bytes / limits.min_body_bytes_per_s
            return min(now + limits.body_timeout_s, first.arrived_at + allowed_s)
        if self._head_deadline is not math.inf:
            return self._head_deadline
        return now + limits.idle_timeout_s

    def time_out(self) -> None:
        """The deadline has passed."""
        if self._is_closing or self.outgoing.is_busy:
            self.abort()
        elif self._queue or self._head_deadline is not math.inf:
            self._refuse_rest(refusal(408, "The request took too long to arrive."))
            self._turn()
        else:
            self.close()

    def abort(self) -> None:
        """Drop the connection at once."""
        if not self.is_lost:
            self.outgoing.close()
            self._wire.abortConnection()

    def cancel_requests(self, only_cancellable: bool) -> None:
        """Cancel what is being served here (the server drains)."""
        for exchange in list(self._queue):
            if exchange.running is not None and (exchange.is_cancellable or not only_cancellable):
                exchange.running.cancel()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being received or served, and nothing waits to leave."""
        return not self._queue and not self.outgoing.is_busy

    def close(self, lingers: bool = False) -> None:
        """Close once what was written has left. `lingers`: the client may still be sending; closing on unread bytes
        would reset the connection and take the answer from it."""
        if self._is_closing:
            return
        self._is_closing = self._is_deaf = True
        self._lingers = lingers
        self._pending.clear()
        self._pending_bytes = 0
        self.deadline = self.site.now + self.site.limits.write_timeout_s
        if not self.outgoing.is_busy:
            self._shut_down()

    def _shut_down(self) -> None:
        self.outgoing.close()
        self.deadline = self.site.now + self.site.limits.linger_timeout_s
        self._regulate()
        wire = self._wire
        if self._lingers and isinstance(wire, tcp.Connection):
            wire.loseWriteConnection()  # type: ignore[no-untyped-call]
        else:
            self._wire.loseConnection()

    def _outgoing_changed(self) -> None:
        if self.is_lost:
            return
        if self.outgoing.is_busy:
            self.deadline = self.site.now + self.site.limits.write_timeout_s
        elif self._is_closing:
            self._shut_down()
        else:
            self._turn()
