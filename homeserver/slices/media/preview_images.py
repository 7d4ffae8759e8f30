"""Images of previews: files of nobody's, kept for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from homeserver.slices.media.keeping import Keeping
from homeserver.slices.media.records import About
from homeserver.slices.media.service import MediaFiles
from homeserver.slices.media.thumbnailing import Thumbnailing


@dataclass(frozen=True, slots=True)
class KeptImage:
    """An image that was taken in. Width and height in pixels, as it is shown."""

    uri: str
    size_bytes: int
    content_type: str
    width: int
    height: int


class PreviewImages:
    """Takes images in. What they are is told by their bytes."""

    def __init__(self, files: MediaFiles, keeping: Keeping, thumbnailing: Thumbnailing) -> None:
        self._files = files
        self._keeping = keeping
        self._thumbnailing = thumbnailing

    async def keep(self, chunks: AsyncIterator[bytes], most_bytes: int, expires_ts: int) -> KeptImage | None:
        """An image that is there until a moment; None, and nothing is left, for what is no image. 413
        `M_TOO_LARGE`."""
        most_bytes = min(most_bytes, self._files.most_bytes)
        media = await self._files.keep_until(chunks, About(), most_bytes, expires_ts)
        measured = await self._thumbnailing.measure(media)
        if measured is None:
            await self._keeping.delete(media)
            return None
        content_type, width, height = measured
        await self._files.note_type(media, content_type)
        return KeptImage(media.uri, media.size_bytes, content_type, width, height)
