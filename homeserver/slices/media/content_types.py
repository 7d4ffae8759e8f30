"""Header fields of files: which may be shown within a page, and under what name they are saved.

https://spec.matrix.org/v1.19/client-server-api/#serving-inline-content
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from homeserver.slices.media.records import About

#: What browsers may show; all else is for saving.
INLINE = frozenset(
    {
        *("text/css", "text/plain", "text/csv", "application/json", "application/ld+json"),
        *("image/jpeg", "image/gif", "image/png", "image/apng", "image/webp", "image/avif"),
        *("video/mp4", "video/webm", "video/ogg", "video/quicktime"),
        *("audio/mp4", "audio/webm", "audio/aac", "audio/mpeg", "audio/ogg", "audio/wave", "audio/wav"),
        *("audio/x-wav", "audio/x-pn-wav", "audio/flac", "audio/x-flac"),
    }
)
_CSP = (
    "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline';"
    " object-src 'self';"
)
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}(?:\s*;[\x20-\x7e]{0,120})?\Z")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`|~-]+\Z")
_MOST_NAME_CHARACTERS = 255


def checked_type(value: str | None) -> str:
    """A content type that can stand in a header; the general one for what cannot."""
    return value if value and _TYPE.match(value) else "application/octet-stream"


def checked_name(value: str | None) -> str | None:
    """A file name without folders and control characters; None for nothing."""
    if not value:
        return None
    name = "".join(one for one in value.replace("\\", "/").rpartition("/")[2] if one.isprintable())
    return name[:_MOST_NAME_CHARACTERS] or None


def file_fields(about: About, etag: str) -> list[tuple[str, str]]:
    """The header fields of a file, without its length."""
    return [
        ("Content-Type", _with_charset(about.content_type)),
        ("Content-Disposition", disposition(about)),
        ("Content-Security-Policy", _CSP),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Robots-Tag", "noindex, nofollow, noarchive, noimageindex"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "private, max-age=86400, immutable"),
        ("ETag", f'"{etag}"'),
        ("Accept-Ranges", "bytes"),
    ]


def disposition(about: About) -> str:
    """`Content-Disposition`: RFC 6266, with RFC 5987's form for names that are not ASCII."""
    bare = about.content_type.partition(";")[0].strip().lower()
    kind = "inline" if bare in INLINE else "attachment"
    name = about.file_name
    if name is None:
        return kind
    if _TOKEN.match(name):
        return f"{kind}; filename={name}"
    if name.isascii() and '"' not in name and "\\" not in name:
        return f'{kind}; filename="{name}"'
    return f"{kind}; filename*=utf-8''{quote(name.encode('utf-8', 'replace'), safe='')}"


def name_in(value: str | None) -> str | None:
    """The file name in another server's `Content-Disposition`."""
    if not value:
        return None
    extended = re.search(r"filename\*\s*=\s*(?:utf-8|UTF-8)''([^;\s]+)", value)
    if extended is not None:
        return checked_name(unquote(extended[1], errors="replace"))
    plain = re.search(r'filename\s*=\s*(?:"([^"]*)"|([^;\s]+))', value)
    return None if plain is None else checked_name(plain[1] or plain[2])


def _with_charset(content_type: str) -> str:
    """Text without a charset is UTF-8."""
    if content_type.lower().startswith("text/") and "charset" not in content_type.lower():
        return f"{content_type}; charset=UTF-8"
    return content_type
