"""From a request that is ready to the bytes of its answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Coroutine
from contextvars import Context, copy_context
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError

from homeserver.http.context import current_request
from homeserver.http.errors import error_response
from homeserver.http.exchange import Exchange
from homeserver.http.request import Disconnected
from homeserver.http.response import Json, Response, encode_json
from homeserver.http.running import Running
from homeserver.protocol.errors import MatrixError

if TYPE_CHECKING:
    from homeserver.http.connection import HttpConnection

log = logging.getLogger(__name__)

#: What the access log and the metrics show for a client that went away before its answer.
CLIENT_GONE = 499
#: A longer body is not joined to its head.
_JOIN_BYTES = 64 * 1024


def start(connection: HttpConnection, exchange: Exchange) -> None:
    """Call the endpoint, or give the answer that is known already."""
    context = copy_context()
    context.run(_start, connection, exchange, context)


def _start(connection: HttpConnection, exchange: Exchange, context: Context) -> None:
    request = exchange.request
    current_request.set(request)
    exchange.is_started = True
    exchange.started_s = perf_counter()
    endpoint = exchange.endpoint
    if exchange.answer is not None or endpoint is None:
        _send_response(connection, exchange, exchange.answer or error_response(LookupError("no endpoint")))
        return
    site = connection.site
    if endpoint.stream_body:
        request.source = exchange
    else:
        request.body = exchange.take_body()
    site.in_flight += 1
    result = failure = waiting = None
    try:
        coroutine = site.router.begin(endpoint, request)
        # Most endpoints find what they need in memory: then this is all, and no more objects are made.
        waiting = coroutine.send(None)
    except StopIteration as stop:
        result = stop.value
    except BaseException as error:
        failure = error
    if waiting is None:
        _finished(connection, exchange, result, failure)
        # An exception's traceback holds this frame: no circle for the garbage collector.
        del failure
        return
    exchange.running = Running(coroutine, context, partial(_finished, connection, exchange))
    exchange.running.wait_for(waiting)


def _finished(connection: HttpConnection, exchange: Exchange, result: Json, error: BaseException | None) -> None:
    """The endpoint returned or raised."""
    connection.site.in_flight -= 1
    exchange.running = None
    exchange.request.source = None
    if connection.is_lost:
        _drop(connection, exchange, result, error)
    elif error is not None:
        _send_response(connection, exchange, error_response(error, connection.site.is_draining))
    elif type(result) is Response:
        _send_response(connection, exchange, result)
    else:
        try:
            body = encode_json(result)
        except Exception as failure:
            _send_response(connection, exchange, error_response(failure))
            return
        head = b"%b%d\r\n" % (connection.site.heads.json(200), len(body))
        _send(connection, exchange, 200, head, body)


def _drop(connection: HttpConnection, exchange: Exchange, result: Json, error: BaseException | None) -> None:
    """Nobody is there to be answered."""
    if error is not None and not isinstance(error, CancelledError | Disconnected | MatrixError):
        log.error("Unexpected exception", exc_info=error)
    if type(result) is Response and not isinstance(result.body, bytes):
        _run(_closed(result.body))
    exchange.status = CLIENT_GONE
    connection.site.note_answered(exchange)


def _send_response(connection: HttpConnection, exchange: Exchange, response: Response) -> None:
    status = response.status
    body = response.body
    has_cors = exchange.endpoint is None or exchange.endpoint.has_cors
    try:
        head = connection.site.heads.response(status, response.headers, has_cors)
    except (ValueError, TypeError) as error:
        response = error_response(error)
        status, body = response.status, response.body
        head = connection.site.heads.response(status, response.headers, True)
    if isinstance(body, bytes):
        if status != 304 and status != 204:
            head = b"%bContent-Length: %d\r\n" % (head, len(body))
        else:
            body = b""
        _send(connection, exchange, status, head, body)
    else:
        _send_stream(connection, exchange, response, head)


def _end_of_head(connection: HttpConnection, exchange: Exchange) -> bytes:
    """The `Connection` field where it is needed, and the empty line."""
    if not exchange.is_received or connection.site.is_draining:
        exchange.is_kept_alive = False
    if not exchange.is_kept_alive:
        return b"Connection: close\r\n\r\n"
    return b"Connection: keep-alive\r\n\r\n" if exchange.is_http10 else b"\r\n"


def _send(connection: HttpConnection, exchange: Exchange, status: int, head: bytes, body: bytes) -> None:
    """A whole answer; one write where it is not large."""
    head += _end_of_head(connection, exchange)
    exchange.status = status
    if exchange.request.method == "HEAD":
        body = b""
    exchange.sent_bytes = len(body)
    outgoing = connection.outgoing
    if len(body) <= _JOIN_BYTES:
        outgoing.write(head + body)
    else:
        outgoing.write(head)
        outgoing.write_large(body)
    connection.site.note_answered(exchange)
    connection.answered(exchange)


def _send_stream(connection: HttpConnection, exchange: Exchange, response: Response, head: bytes) -> None:
    """An answer whose body is made while it is sent."""
    is_chunked = False
    if response.content_length is not None:
        head += b"Content-Length: %d\r\n" % response.content_length
    elif exchange.is_http10:
        exchange.is_kept_alive = False
    else:
        is_chunked = True
        head += b"Transfer-Encoding: chunked\r\n"
    exchange.status = response.status
    connection.outgoing.write(head + _end_of_head(connection, exchange))
    assert not isinstance(response.body, bytes)
    if exchange.request.method == "HEAD":
        work = _closed(response.body)
    else:
        work = _pump(connection, exchange, response, is_chunked)
    connection.site.in_flight += 1
    exchange.running = Running(work, copy_context(), partial(_streamed, connection, exchange))
    exchange.running.start()


async def _pump(connection: HttpConnection, exchange: Exchange, response: Response, is_chunked: bool) -> None:
    """Send the pieces as the client takes them."""
    outgoing = connection.outgoing
    body = response.body
    assert not isinstance(body, bytes)
    announced = response.content_length
    try:
        async for piece in body:
            if not piece:
                continue
            exchange.sent_bytes += len(piece)
            if announced is not None and exchange.sent_bytes > announced:
                raise ValueError("the response body is longer than announced")
            outgoing.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            if outgoing.is_busy:
                await outgoing.drained()
            if connection.is_lost:
                raise Disconnected
    finally:
        await _closed(body)
    if announced is not None and exchange.sent_bytes != announced:
        raise ValueError("the response body is shorter than announced")
    if is_chunked:
        outgoing.write(b"0\r\n\r\n")


def _streamed(connection: HttpConnection, exchange: Exchange, _: object, error: BaseException | None) -> None:
    """The body has been sent, or its source failed: then only a broken connection can tell the client."""
    connection.site.in_flight -= 1
    exchange.running = None
    if error is not None and not isinstance(error, CancelledError | Disconnected):
        log.error("A response body failed", exc_info=error)
    if error is not None or connection.is_lost:
        exchange.status = CLIENT_GONE if connection.is_lost else exchange.status
        connection.site.note_answered(exchange)
        connection.abort()
    else:
        connection.site.note_answered(exchange)
        connection.answered(exchange)


async def _closed(body: AsyncIterator[bytes]) -> None:
    """Let the body's source release what it holds."""
    close = getattr(body, "aclose", None)
    if close is not None:
        await close()


def _run(work: Coroutine[Any, Any, None]) -> None:
    def finished(_: object, error: BaseException | None) -> None:
        if error is not None:
            log.error("Unexpected exception", exc_info=error)

    context = copy_context()
    context.run(Running(work, context, finished).start)
