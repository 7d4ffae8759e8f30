"""What an endpoint returns."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

#: What an endpoint returns for a 200 with JSON: a dict, a list, a `msgspec.Struct`, or `msgspec.Raw` (spliced as it
#: is); or a `Response`. Anything msgspec can encode may stand inside.
Json: TypeAlias = Any

HeaderFields: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(slots=True)
class Response:
    """An answer that is not a plain 200 with JSON.

    `body` is bytes, or an asynchronous iterator of bytes that is read only as fast as the client takes it (and closed
    when the client goes away). An iterator's length is announced where `content_length` is given; else it is sent in
    chunks. CORS, `Date` and `Content-Length` fields are added by the server. Header values may not contain line ends.
    """

    status: int = 200
    headers: HeaderFields = ()
    body: bytes | AsyncIterator[bytes] = b""
    content_length: int | None = None


def json_response(status: int, value: Json, headers: HeaderFields = ()) -> Response:
    """A `Response` with JSON, for another status than 200 or further header fields."""
    fields = list(headers.items() if isinstance(headers, Mapping) else headers)
    fields.append(("Content-Type", "application/json"))
    return Response(status, fields, encode_json(value))


def html_response(status: int, page: str, csp: str = "default-src 'none'; style-src 'unsafe-inline'") -> Response:
    """A `Response` with an HTML page under a strict Content-Security-Policy."""
    fields = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", csp),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
    ]
    return Response(status, fields, page.encode("utf-8", "replace"))


def redirect(location: str, status: int = 302) -> Response:
    """A redirection; raises ValueError for a location with line ends."""
    return Response(status, [("Location", location), ("Cache-Control", "no-store")])


_encode = msgspec.json.Encoder().encode


def encode_json(value: Json) -> bytes:
    """JSON bytes. A lone surrogate, which UTF-8 cannot carry, goes out as its `\\uXXXX` escape."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode("ascii")
