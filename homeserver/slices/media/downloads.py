"""A file that is asked for, or a thumbnail of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from homeserver.slices.media.contents import Contents
from homeserver.slices.media.records import About, Content, Media, Thumbnail, ThumbnailSize
from homeserver.slices.media.service import MediaFiles, Wish
from homeserver.slices.media.thumbnailing import Thumbnailing


class Downloads:
    """Finds what is wished for, and notes that it was."""

    def __init__(self, files: MediaFiles, thumbnailing: Thumbnailing, contents: Contents) -> None:
        self._files = files
        self._thumbnailing = thumbnailing
        self._contents = contents

    @property
    def requires_account(self) -> bool:
        """Whether new files are for those with an account."""
        return self._files.requires_account

    async def find(self, wish: Wish) -> tuple[Media, Content]:
        """A file; see `MediaFiles.get`."""
        media = await self._files.get(wish)
        await self._files.note_used(media)
        return media, Content(str(media.sha256), media.size_bytes)

    async def thumbnail(self, wish: Wish, size: ThumbnailSize) -> Thumbnail:
        """A thumbnail; 400 `M_UNKNOWN` for a file that is no image."""
        media, _ = await self.find(wish)
        return await self._thumbnailing.thumbnail(media, size)

    async def link(self, content: Content, about: About) -> str | None:
        """A URL of object storage where anybody gets a content for a while, where the operator wants that."""
        return await self._contents.link(content, about)

    def read(self, content: Content, start: int, length: int) -> AsyncIterator[bytes]:
        """A part of a content, in pieces."""
        return self._contents.read(content.sha256, start, length)
