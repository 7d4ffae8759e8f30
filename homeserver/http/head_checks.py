"""What llhttp lets through and this server does not: ambiguous or unsupported request heads.

https://www.rfc-editor.org/rfc/rfc9112.html
"""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.http.request import Request
from homeserver.http.response import Response, json_response


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes and times in seconds for every connection of a listener.

    `header_timeout_s`: from the first byte of a head to its end. `body_timeout_s`: without any byte of a body; besides,
    a body must arrive at `min_body_bytes_per_s` on average. `idle_timeout_s`: between requests. `write_timeout_s`: the
    client takes nothing. `linger_timeout_s`: for the client to close its side. `sweep_interval_s`: how often these are
    looked at.
    """

    max_header_bytes: int = 32 * 1024
    max_header_count: int = 128
    header_timeout_s: float = 20.0
    body_timeout_s: float = 30.0
    min_body_bytes_per_s: int = 500
    idle_timeout_s: float = 120.0
    write_timeout_s: float = 60.0
    linger_timeout_s: float = 5.0
    sweep_interval_s: float = 1.0


def refusal(status: int, message: str) -> Response:
    """An answer to what is hardly a request."""
    return json_response(status, {"errcode": "M_UNKNOWN", "error": message})


def malformed(message: str = "Malformed HTTP request.") -> Response:
    """400."""
    return refusal(400, message)


def find_head_problem(version: str, request: Request) -> Response | None:
    """The refusal of a head that another server on the way could read differently, or that we do not support."""
    headers = request.headers
    target = request.uri
    if version != "1.1" and version != "1.0":
        return refusal(505, "This server speaks HTTP/1.1.")
    encoding = headers.raw(b"transfer-encoding")
    if encoding is not None:
        if version == "1.0" or headers.raw(b"content-length") is not None:
            return malformed("Ambiguous message length.")
        if encoding.strip().lower() != b"chunked":
            return refusal(501, "Unknown transfer encoding.")
    if headers.raw(b"host") is None:
        if version == "1.1":
            return malformed("The Host header is missing.")
    elif headers.is_repeated(b"host"):
        return malformed("Two Host headers.")
    if "#" in target or (target[:1] != "/" and (target != "*" or request.method != "OPTIONS")):
        return malformed("Malformed request target.")
    return None


def origin_form(target: bytes) -> str:
    """The target as path and query, without the scheme and authority that proxies' requests carry."""
    text = target.decode("latin-1")
    if text[:1] == "/":
        return text
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return text
    start = min((position for position in (rest.find("/"), rest.find("?")) if position >= 0), default=len(rest))
    return rest[start:] if rest[start : start + 1] == "/" else "/" + rest[start:]
