"""URLs of outbound requests, and the bytes of a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urljoin, urlsplit

import idna

from homeserver.http.egress_errors import InvalidUrl
from homeserver.http.egress_settings import Target

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,255}\Z")
_VISIBLE = re.compile(r"[!-~]+\Z")
#: Left as they are in a path or a query; all else is percent-encoded.
_UNQUOTED = "!#$%&'()*+,-./:;=?@[]_~"
#: Fields that identify the caller to one host and are not carried to another.
_PRIVATE_FIELDS = frozenset({"authorization", "cookie", "proxy-authorization"})
_MAX_URL_CHARS = 16_384

Fields = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Location:
    """A URL, taken apart: where to connect, the origin-form request target, and the URL for people."""

    target: Target
    path: str
    url: str


def locate(url: str, https_only: bool = False) -> Location:
    """Take an absolute http or https URL apart; raises `InvalidUrl`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidUrl("not a URL") from None
    if parts.scheme not in ("http", "https") or len(url) > _MAX_URL_CHARS:
        raise InvalidUrl("not an http or https URL")
    if https_only and parts.scheme != "https":
        raise InvalidUrl("not an https URL")
    if parts.username is not None or parts.password is not None or not parts.hostname or port == 0:
        raise InvalidUrl("not a URL of a host")
    host = _ascii_host(parts.hostname)
    is_https = parts.scheme == "https"
    shown = f"[{host}]" if ":" in host else host
    default_port = 443 if is_https else 80
    header = shown if port is None or port == default_port else f"{shown}:{port}"
    path = _request_target(parts.path or "/", parts.query)
    target = Target(host, default_port if port is None else port, host if is_https else None, header)
    return Location(target, path, f"{parts.scheme}://{header}{path}")


def locate_at(target: Target, path: str) -> Location:
    """A request target (path and query) on a server that is known; raises `InvalidUrl`."""
    if not path.startswith("/") or _VISIBLE.match(path) is None:
        raise InvalidUrl("not a path")
    scheme = "http" if target.tls_name is None else "https"
    return Location(target, path, f"{scheme}://{target.host_header}{path}")


def follow(location: Location, reference: str, https_only: bool) -> Location:
    """Where a redirection leads; raises `InvalidUrl`."""
    if len(reference) > _MAX_URL_CHARS:
        raise InvalidUrl("the redirection is too long")
    try:
        return locate(urljoin(location.url, reference), https_only)
    except ValueError:
        raise InvalidUrl("the redirection is not a URL") from None


def public_fields(fields: Fields) -> list[tuple[str, str]]:
    """The header fields that may go to another host."""
    return [(name, value) for name, value in _pairs(fields) if name.lower() not in _PRIVATE_FIELDS]


def encode_request(method: str, location: Location, fields: Fields, body: bytes, user_agent: str) -> bytes:
    """The bytes of an HTTP/1.1 request; raises ValueError for a method or header field that is not one."""
    if _TOKEN.match(method) is None or method == "HEAD":
        raise ValueError(f"not a method for outbound requests: {method!r}")
    lines = [f"{method} {location.path} HTTP/1.1", f"Host: {location.target.host_header}"]
    names = set()
    for name, value in _pairs(fields):
        if _TOKEN.match(name) is None or not value.isprintable():
            raise ValueError(f"header field {name!r} cannot be sent")
        names.add(name.lower())
        lines.append(f"{name}: {value}")
    if names & {"host", "content-length", "transfer-encoding", "connection"}:
        raise ValueError("header fields of the connection are not the caller's")
    if "user-agent" not in names:
        lines.append(f"User-Agent: {user_agent}")
    if body or method not in ("GET", "DELETE"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def is_ip_address(host: str) -> bool:
    """Whether a host is an IPv4 or an IPv6 address (without brackets)."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _pairs(fields: Fields) -> list[tuple[str, str]]:
    return list(fields.items() if isinstance(fields, Mapping) else fields)


def _request_target(path: str, query: str) -> str:
    target = quote(path, safe=_UNQUOTED.replace("#", "").replace("?", ""))
    return f"{target}?{quote(query, safe=_UNQUOTED.replace('#', ''))}" if query else target


def _ascii_host(host: str) -> str:
    if len(host) > 255 or "%" in host:
        raise InvalidUrl("not a host name")
    if is_ip_address(host):
        return host
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise InvalidUrl("not a host name") from None
    if _HOST.match(host) is None:
        raise InvalidUrl("not a host name")
    return host.lower()
