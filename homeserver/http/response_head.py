"""Status lines and header fields as bytes, made once a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus

from homeserver.http.cors import CORS_FIELDS
from homeserver.http.response import HeaderFields

_REASONS = {status.value: status.phrase for status in HTTPStatus}


def encode_fields(fields: HeaderFields) -> bytes:
    """Header fields as bytes; raises ValueError for a line end or null character in one."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    text = "".join([f"{name}: {value}\r\n" for name, value in pairs])
    if text.count("\n") != len(fields) or text.count("\r") != len(fields) or "\x00" in text:
        raise ValueError("a header field contains a line end or a null character")
    return text.encode("latin-1", "replace")


_CORS = encode_fields(CORS_FIELDS)
_JSON = b"Content-Type: application/json\r\nCache-Control: no-cache, no-store, must-revalidate\r\n"


class ResponseHeads:
    """The beginnings of answers, by status; they carry the date, so `tick` is called every second or so."""

    def __init__(self, server_name: str = "Hearth", clock: Callable[[], float] = time.time) -> None:
        self._server = server_name
        self._clock = clock
        self._date = ""
        self._json: dict[int, bytes] = {}
        self._plain: dict[int, bytes] = {}
        self.tick()

    def tick(self) -> None:
        """Renew the date."""
        date = formatdate(self._clock(), usegmt=True)
        if date != self._date:
            self._date = date
            self._json.clear()
            self._plain.clear()

    def json(self, status: int) -> bytes:
        """Everything before the length of a JSON body: ends with `Content-Length: `."""
        head = self._json.get(status)
        if head is None:
            head = self._json[status] = self.plain(status) + _CORS + _JSON + b"Content-Length: "
        return head

    def plain(self, status: int) -> bytes:
        """Status line, `Server` and `Date`."""
        head = self._plain.get(status)
        if head is None:
            line = f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}\r\n"
            head = self._plain[status] = f"{line}Server: {self._server}\r\nDate: {self._date}\r\n".encode("latin-1")
        return head

    def response(self, status: int, fields: HeaderFields, has_cors: bool) -> bytes:
        """The head of a `Response` up to where `Content-Length` or `Transfer-Encoding` follow."""
        own = encode_fields(fields)
        # A response that says for itself who may read it is believed.
        if not has_cors or b"access-control-allow-origin:" in own.lower():
            return self.plain(status) + own
        return self.plain(status) + _CORS + own
