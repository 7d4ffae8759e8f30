"""The two parts of an answer with a file: JSON about it, and the file or where it is.

https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

_MOST_HEAD_BYTES = 64 * 1024
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,70})"|([^;\s]{1,70}))', re.IGNORECASE)


class MultipartReader:
    """Reads from `chunks`; raises ValueError where they are not two parts.

    First `fields`, which passes over the JSON, then `content`.
    """

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes]) -> None:
        found = _BOUNDARY.search(content_type)
        if not content_type.lower().startswith("multipart/mixed") or found is None:
            raise ValueError("no multipart/mixed")
        self._delimiter = b"\r\n--" + (found[1] or found[2]).encode("latin-1")
        self._chunks = chunks
        # As if a line had ended before: the first delimiter may come at the very beginning.
        self._buffer = b"\r\n"

    async def fields(self) -> dict[str, str]:
        """The second part's header fields, names in lower case."""
        await self._pass(self._delimiter)
        await self._pass(self._delimiter)
        head = await self._pass(b"\r\n\r\n")
        found = {}
        for line in head.decode("utf-8", "replace").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                found[name.strip().lower()] = value.strip()
        return found

    async def content(self) -> AsyncIterator[bytes]:
        """The second part."""
        while True:
            end = self._buffer.find(self._delimiter)
            if end >= 0:
                yield self._buffer[:end]
                return
            # What may be the beginning of the delimiter stays.
            sure = max(0, len(self._buffer) - len(self._delimiter))
            if sure:
                yield self._buffer[:sure]
                self._buffer = self._buffer[sure:]
            await self._more()

    async def _pass(self, mark: bytes) -> bytes:
        """What comes before the mark; goes behind it."""
        while (end := self._buffer.find(mark)) < 0:
            if len(self._buffer) > _MOST_HEAD_BYTES:
                raise ValueError("a part that is too long")
            await self._more()
        before, self._buffer = self._buffer[:end], self._buffer[end + len(mark) :]
        return before

    async def _more(self) -> None:
        async for chunk in self._chunks:
            self._buffer += chunk
            return
        raise ValueError("it ends too soon")
