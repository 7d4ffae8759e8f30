"""Files as answers: whole, a part of one, or that nothing has changed; and which thumbnail is asked for.

https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Callable

from homeserver.http.query import QueryArguments
from homeserver.http.request import Request
from homeserver.http.response import Response
from homeserver.protocol.errors import invalid_param
from homeserver.slices.media.content_types import file_fields
from homeserver.slices.media.records import About, Content, Thumbnail, ThumbnailSize

Read = Callable[[Content, int, int], AsyncIterator[bytes]]
"""`read(content, start, length)`."""

_LARGEST = 4096
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


def file_response(request: Request, content: Content, about: About, read: Read) -> Response:
    """A file for a client: 200, 206, 304 or 416."""
    fields = file_fields(about, content.sha256)
    if _matches(request.headers.get("if-none-match"), content.sha256):
        return Response(304, fields)
    span = _span(request, content)
    if span is None:
        return Response(200, fields, read(content, 0, content.size_bytes), content.size_bytes)
    start, length = span
    if length <= 0:
        return Response(416, [("Content-Range", f"bytes */{content.size_bytes}")])
    fields.append(("Content-Range", f"bytes {start}-{start + length - 1}/{content.size_bytes}"))
    return Response(206, fields, read(content, start, length), length)


def multipart_response(content: Content, about: About, read: Read, link: str | None) -> Response:
    """A file for a server: JSON about it, which says nothing so far, and the file, or a link where it is.

    https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid
    """
    boundary = secrets.token_hex(16)
    wanted = ("Content-Type", "Content-Disposition")
    lines = [f"{name}: {value}" for name, value in file_fields(about, content.sha256) if name in wanted]
    if link is not None:
        lines = [f"Location: {link}"]
    head = "\r\n".join((f"--{boundary}", "Content-Type: application/json", "", "{}", f"--{boundary}", *lines, "", ""))
    tail = f"\r\n--{boundary}--\r\n"
    size_bytes = 0 if link is not None else content.size_bytes
    length = len(head.encode()) + size_bytes + len(tail)

    async def body() -> AsyncIterator[bytes]:
        yield head.encode()
        if link is None:
            async for piece in read(content, 0, size_bytes):
                yield piece
        yield tail.encode()

    # Without quotes, which a token does not need: Synapse takes them for a part of the boundary.
    return Response(200, [("Content-Type", f"multipart/mixed; boundary={boundary}")], body(), length)


def _matches(condition: str, etag: str) -> bool:
    return any(one.strip().removeprefix("W/") in (f'"{etag}"', "*") for one in condition.split(","))


def _span(request: Request, content: Content) -> tuple[int, int] | None:
    """(start, length) of the part that is asked for, length 0 for none; None for the whole. Several parts at once are
    answered by the whole, which a server may."""
    found = _RANGE.match(request.headers.get("range").strip())
    condition = request.headers.find("if-range")
    if (
        found is None
        or not (found[1] or found[2])
        or (condition is not None and not _matches(condition, content.sha256))
    ):
        return None
    if not found[1]:
        length = min(int(found[2]), content.size_bytes)
        return content.size_bytes - length, length
    start = int(found[1])
    end = min(int(found[2]), content.size_bytes - 1) if found[2] else content.size_bytes - 1
    if found[2] and int(found[2]) < start:
        return None
    return start, end - start + 1


def thumbnail_size(query: QueryArguments) -> ThumbnailSize:
    """The wanted size; 400 `M_MISSING_PARAM`, `M_INVALID_PARAM`.

    https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediathumbnailservernamemediaid
    """
    return ThumbnailSize(
        _pixels(query, "width"),
        _pixels(query, "height"),
        query.choice("method", ("crop", "scale"), "scale"),
        query.boolean("animated"),
    )


def thumbnail_about(thumbnail: Thumbnail) -> About:
    """Its type, and a name with the ending of it."""
    return About(thumbnail.content_type, f"thumbnail.{thumbnail.content_type.removeprefix('image/')}")


def _pixels(query: QueryArguments, name: str) -> int:
    query.required(name)
    found = query.find_integer(name, 1)
    if found is None:
        raise invalid_param(f"{name} is a number of pixels.")
    return min(found, _LARGEST)
