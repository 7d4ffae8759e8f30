"""Bytes on their way to one client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import tcp
from twisted.internet.defer import Deferred

#: A larger body is handed over in pieces, each when the client has taken the one before.
PIECE_BYTES = 128 * 1024


class Outgoing:
    """Writes to a transport, and knows when the client does not keep up (it is the transport's push producer).

    `is_busy`: something is waiting for the client to read. `changed` is called whenever `is_busy` becomes true, when
    there is progress, and when everything has left.
    """

    def __init__(self, transport: Any, changed: Callable[[], None]) -> None:
        self._transport = transport
        self._changed = changed
        # A send right away saves two system calls and a turn of the reactor for each answer. It is allowed only
        # while Twisted's own buffer is empty; TLS transports have no such call.
        self._may_send_now = isinstance(transport, tcp.Connection)
        self._sends_now = self._may_send_now
        self._rest: memoryview | None = None
        self._is_full = False
        self._waiting: Deferred[None] | None = None
        self.is_closed = False
        transport.registerProducer(self, True)

    @property
    def is_busy(self) -> bool:
        """Whether the client has yet to take what was written."""
        return self._is_full or self._rest is not None

    def write(self, data: bytes) -> None:
        """Send bytes; they are kept in memory as long as the client does not take them."""
        if self.is_closed:
            return
        if self._sends_now:
            left = self._send_now(data)
            if not left:
                return
            self._sends_now = False
            data = bytes(left)
        self._transport.write(data)

    def _send_now(self, data: bytes) -> memoryview | bytes:
        """What the system does not take at once. It is given no more than a limit of Twisted's in one call."""
        sent = self._transport.writeSomeData(data)
        if sent == len(data):
            return b""
        left = memoryview(data)
        # No number: the connection is broken, which the reactor will find when it writes.
        while isinstance(sent, int) and sent > 0:
            left = left[sent:]
            sent = self._transport.writeSomeData(left) if left else 0
        return left

    def write_large(self, data: bytes) -> None:
        """Send bytes piece by piece, as the client takes them. Only when not `is_busy`."""
        self._rest = memoryview(data)
        self._write_pieces()
        if self.is_busy:
            self._changed()

    async def drained(self) -> None:
        """Wait until not `is_busy`. Fails with `CancelledError` when the connection is lost."""
        if self.is_busy and not self.is_closed:
            self._waiting = Deferred()
            await self._waiting

    def close(self) -> None:
        """The connection is going or gone: nothing more is written."""
        if not self.is_closed:
            self.is_closed = True
            self._rest = None
            self._is_full = False
            # The connection holds this object: no circle for the garbage collector.
            self._changed = _nobody
            self._transport.unregisterProducer()
            if self._waiting is not None:
                self._waiting.cancel()

    def pauseProducing(self) -> None:  # noqa: N802
        """Called by the transport: its buffer is full."""
        self._is_full = True
        if self._rest is None:
            self._changed()

    def resumeProducing(self) -> None:  # noqa: N802
        """Called by the transport: its buffer is empty."""
        if self.is_closed:
            return
        self._is_full = False
        self._sends_now = self._may_send_now
        self._write_pieces()
        if not self.is_busy and self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.callback(None)
        self._changed()

    def stopProducing(self) -> None:  # noqa: N802
        """Called by the transport: the connection is lost; the protocol hears of it by itself."""

    def _write_pieces(self) -> None:
        while self._rest is not None and not self._is_full:
            piece = bytes(self._rest[:PIECE_BYTES])
            rest = self._rest[PIECE_BYTES:]
            self._rest = rest if len(rest) else None
            self.write(piece)


def _nobody() -> None:
    """Nobody is told any more."""
