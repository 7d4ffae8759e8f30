"""A folder of files (the web client) at the root of the server."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass, field
from pathlib import Path

from homeserver.http.request import Request
from homeserver.http.response import Response
from homeserver.protocol.errors import invalid_param, not_found

#: Files kept in memory once read; beyond this they are read for each request.
_KEPT_BYTES = 32 * 1024 * 1024
#: Bundlers put a hash of the content before the extension: `index-B7x_k2Qz.js`.
_HASHED = re.compile(r"[.-](?=[A-Za-z0-9_-]*[0-9A-Z])[A-Za-z0-9_-]{8,}\.[a-z0-9.]+$")
_ENCODINGS = ((".br", "br"), (".gz", "gzip"))
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".map": "application/json",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(slots=True)
class _Variant:
    """One file on disk: the content itself, or it compressed."""

    path: Path
    size_bytes: int
    encoding: str = ""
    content: bytes | None = None


@dataclass(slots=True)
class _Entry:
    etag: str
    content_type: str
    is_immutable: bool
    variants: list[_Variant] = field(default_factory=list)


class StaticFiles:
    """Serves the files that are in the folder now, and nothing else: a path is looked up, never opened.

    `index.html` answers `/` (and a subfolder's own `index.html` its path with a slash). `x.js.br` and `x.js.gz` are the
    compressed forms of `x.js`. Names with a hash may be cached for ever; all others are asked for again each time, with
    an ETag. `csp`: the Content-Security-Policy of every answer.
    """

    def __init__(self, folder: Path, csp: str) -> None:
        self._csp = csp
        self._kept_bytes = 0
        self._entries: dict[str, _Entry] = {}
        served = [path for path in sorted(folder.rglob("*")) if _is_served(path, folder)]
        names = {path.relative_to(folder).as_posix(): path for path in served}
        for name, path in names.items():
            if name.endswith((".br", ".gz")) and name[:-3] in names:
                continue
            entry = _entry(name, path, [(encoding, names.get(name + suffix)) for suffix, encoding in _ENCODINGS])
            self._entries["/" + name] = entry
            if name == "index.html" or name.endswith("/index.html"):
                self._entries["/" + name.removesuffix("index.html")] = entry

    async def serve(self, request: Request) -> Response:
        """The file of the request's path; 304 where the client has it, `MatrixError` 404 where there is none."""
        if "\\" in request.path or "\x00" in request.path:
            raise invalid_param("Malformed path.")
        entry = self._entries.get(request.path)
        if entry is None:
            raise not_found("There is no such file.")
        variant = _best_variant(entry, request.headers.get("accept-encoding"))
        etag = f'"{entry.etag}{"-" if variant.encoding else ""}{variant.encoding}"'
        fields = [
            ("ETag", etag),
            ("Cache-Control", "public, max-age=31536000, immutable" if entry.is_immutable else "no-cache"),
            ("Content-Security-Policy", self._csp),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ]
        if len(entry.variants) > 1:
            fields.append(("Vary", "Accept-Encoding"))
        if _has_etag(request.headers.get("if-none-match"), etag):
            return Response(304, fields)
        fields.append(("Content-Type", entry.content_type))
        if variant.encoding:
            fields.append(("Content-Encoding", variant.encoding))
        return Response(200, fields, self._content(variant))

    def _content(self, variant: _Variant) -> bytes:
        if variant.content is not None:
            return variant.content
        content = variant.path.read_bytes()
        if self._kept_bytes + len(content) <= _KEPT_BYTES:
            self._kept_bytes += len(content)
            variant.content = content
        return content


def _is_served(path: Path, folder: Path) -> bool:
    """Plain files below the folder; nothing hidden, nothing that links out of it."""
    if not path.is_file() or any(part.startswith(".") for part in path.relative_to(folder).parts):
        return False
    return path.resolve().is_relative_to(folder.resolve())


def _entry(name: str, path: Path, compressed: list[tuple[str, Path | None]]) -> _Entry:
    content_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    variants = [_Variant(other, other.stat().st_size, encoding) for encoding, other in compressed if other is not None]
    variants.append(_Variant(path, path.stat().st_size))
    return _Entry(digest, content_type, _HASHED.search(name) is not None, variants)


def _best_variant(entry: _Entry, accept_encoding: str) -> _Variant:
    """The first acceptable form in our order (br, gzip, plain)."""
    if len(entry.variants) == 1:
        return entry.variants[0]
    accepted: dict[str, bool] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameters = part.partition(";")
        quality = parameters.strip().removeprefix("q=").strip()
        accepted[coding.strip()] = quality not in ("0", "0.0", "0.00", "0.000")
    for variant in entry.variants:
        if not variant.encoding or accepted.get(variant.encoding, accepted.get("*", False)):
            return variant
    return entry.variants[-1]


def _has_etag(if_none_match: str, etag: str) -> bool:
    wanted = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return etag in wanted or wanted == ["*"]
