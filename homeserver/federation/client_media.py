"""Fetching files from other servers.

https://spec.matrix.org/v1.19/server-server-api/#content-repository
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from homeserver.federation.calls import Call, Calls
from homeserver.federation.errors import BadAnswer, HttpAnswer, Unreachable
from homeserver.federation.multipart import MultipartReader
from homeserver.http.egress import Egress, EgressStream
from homeserver.http.egress_errors import BodyTooLarge, EgressError
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.canonical_json import decode_strict
from homeserver.protocol.errors import MatrixError

_TRANSFER_MS = 300_000
_MORE_BYTES = 64 * 1024
_MOST_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that is coming: two header fields as the server gave them, and the bytes."""

    content_type: str | None
    disposition: str | None
    chunks: AsyncIterator[bytes]


class MediaClient:
    """Asks for files. `egress`: the way to where another server says a file is.

    Raises `FederationError`, and `MatrixError` 404 `M_NOT_FOUND` or 504 `M_NOT_YET_UPLOADED`.
    """

    def __init__(self, calls: Calls, egress: Egress, most_bytes: int) -> None:
        self._calls = calls
        self._egress = egress
        self._most_bytes = most_bytes

    async def fetch(self, origin: str, media_id: str, timeout_ms: int) -> RemoteFile:
        """A file; its server may wait so long for the upload."""
        options = EgressOptions(total_ms=_TRANSFER_MS + timeout_ms, max_body_bytes=self._most_bytes + _MORE_BYTES)
        query = (("timeout_ms", str(timeout_ms)),)
        path = ("federation", "v1", "media", "download", media_id)
        stream = await self._calls.stream(origin, Call("GET", path, query, options=options))
        if stream.status == 200:
            return await self._of_parts(origin, stream, options)
        error = await _error(origin, stream)
        if error.errcode != "M_UNRECOGNIZED":
            raise error
        return await self._fetch_older(origin, media_id, query, options)

    async def _fetch_older(
        self, origin: str, media_id: str, query: tuple[tuple[str, str], ...], options: EgressOptions
    ) -> RemoteFile:
        """From servers of before v1.11; they must not ask others in turn."""
        path = ("media", "v3", "download", origin, media_id)
        call = Call("GET", path, (("allow_remote", "false"), *query), options=options)
        stream = await self._calls.stream(origin, call)
        if stream.status != 200:
            raise await _error(origin, stream)
        return _file(origin, stream)

    async def _of_parts(self, origin: str, stream: EgressStream, options: EgressOptions) -> RemoteFile:
        try:
            reader = MultipartReader(stream.headers.get("content-type"), stream)
            fields = await reader.fields()
        except ValueError as error:
            stream.abort()
            raise BadAnswer(origin, f"its answer is wrong: {error}") from None
        except EgressError as error:
            raise Unreachable(origin, str(error)) from None
        location = fields.get("location")
        if location is not None:
            stream.abort()
            return await self._from(origin, location, options)
        content = _guarded(origin, reader.content())
        return RemoteFile(fields.get("content-type"), fields.get("content-disposition"), content)

    async def _from(self, origin: str, location: str, options: EgressOptions) -> RemoteFile:
        """From where the file's server says that it is; no signature goes there."""
        further = EgressOptions(
            total_ms=options.total_ms, max_body_bytes=options.max_body_bytes, redirects=_MOST_REDIRECTS
        )
        try:
            stream = await self._egress.stream("GET", location, options=further)
        except (EgressError, ValueError) as error:
            raise Unreachable(origin, f"its file's place: {error}") from None
        if stream.status != 200:
            stream.abort()
            raise BadAnswer(origin, f"its file's place answered {stream.status}")
        return _file(origin, stream)


def _file(origin: str, stream: EgressStream) -> RemoteFile:
    content_type, disposition = stream.headers.get("content-type"), stream.headers.get("content-disposition")
    return RemoteFile(content_type or None, disposition or None, _guarded(origin, stream))


async def _guarded(origin: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for chunk in chunks:
            yield chunk
    except BodyTooLarge:
        raise MatrixError(502, "M_TOO_LARGE", "The file is too large for this server to fetch.") from None
    except EgressError as error:
        raise Unreachable(origin, str(error)) from None
    except ValueError as error:
        raise BadAnswer(origin, f"its answer is wrong: {error}") from None


async def _error(origin: str, stream: EgressStream) -> MatrixError:
    parts, size_bytes = [], 0
    try:
        async for chunk in stream:
            parts.append(chunk)
            size_bytes += len(chunk)
            if size_bytes > _MORE_BYTES:
                stream.abort()
    except EgressError as error:
        return Unreachable(origin, str(error))
    try:
        value = decode_strict(b"".join(parts))
    except ValueError:
        value = {}
    answer = HttpAnswer(origin, stream.status, value if isinstance(value, dict) else {})
    if answer.errcode == "M_NOT_YET_UPLOADED":
        return MatrixError(504, "M_NOT_YET_UPLOADED", "The file has not been uploaded yet.")
    if stream.status == 404 and answer.errcode != "M_UNRECOGNIZED":
        return MatrixError(404, "M_NOT_FOUND", "There is no such file.")
    return answer
