"""The thumbnails of contents: found, or made in worker processes and kept."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, Protocol

from homeserver.config.media import MediaConfig
from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, not_found
from homeserver.single_flight import SingleFlight
from homeserver.slices.media import queries, queries_contents
from homeserver.slices.media.contents import Contents
from homeserver.slices.media.keeping import Keeping
from homeserver.slices.media.records import Content, Media, Thumbnail, ThumbnailSize
from homeserver.slices.media.thumbnails import NoThumbnail, make_thumbnail, measure_image

logger = logging.getLogger(__name__)

_FAILED = (NoThumbnail, BrokenProcessPool, TimeoutError, MemoryError, OSError)
_MOST_BYTES = 64 * 1024 * 1024
#: Where clients may ask for any size, an image has no more sizes than this.
_MOST_SIZES = 40


class Processes(Protocol):
    """Where images are decoded."""

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns or raises, or `BrokenProcessPool` and `TimeoutError`."""


class Thumbnailing:
    """Finds and makes thumbnails. Sizes that are not made are answered by the nearest that is."""

    def __init__(
        self, database: Database, contents: Contents, keeping: Keeping, processes: Processes, config: MediaConfig
    ) -> None:
        self._database = database
        self._contents = contents
        self._keeping = keeping
        self._processes = processes
        self._sizes = [ThumbnailSize(one.width, one.height, one.method) for one in config.thumbnail_sizes]
        self._makes_any = config.dynamic_thumbnails or not self._sizes
        self._most_pixels = config.max_image_pixels
        self._making: SingleFlight[tuple[str, ThumbnailSize], Thumbnail] = SingleFlight()

    async def thumbnail(self, media: Media, wanted: ThumbnailSize) -> Thumbnail:
        """A thumbnail of a file that has come; 400 `M_UNKNOWN` for one that is no image."""
        source = str(media.sha256)
        size = wanted if self._makes_any else self._nearest(wanted)
        found, count = await self._database.glance(_find, source, size)
        if found is None and self._makes_any and count >= _MOST_SIZES and self._sizes:
            size = self._nearest(wanted)
            found, _ = await self._database.glance(_find, source, size)
        if found is not None:
            return found
        return await self._making.run((source, size), partial(self._make, media, size))

    async def make_all(self, media: Media) -> None:
        """Make the configured sizes of an image ahead; nothing for what is none."""
        if not media.content_type.startswith("image/"):
            return
        try:
            for size in self._sizes:
                await self.thumbnail(media, size)
        except MatrixError as error:
            logger.info("no thumbnails of %s ahead: %s", media.uri, error)

    async def measure(self, media: Media) -> tuple[str, int, int] | None:
        """(content type, width, height) of an image; None for what is none."""
        path = await self._contents.borrow(str(media.sha256))
        try:
            measured: tuple[str, int, int] = await self._processes.run(measure_image, str(path), self._most_pixels)
        except _FAILED:
            return None
        finally:
            await self._contents.give_back(path)
        return measured

    async def _make(self, media: Media, size: ThumbnailSize) -> Thumbnail:
        source = str(media.sha256)
        image, content_type = await self._made(media, size)

        def refer(tx: Transaction, content: Content) -> Thumbnail | None:
            if not queries_contents.has_file(tx, source):
                return None
            made = Thumbnail(content, content_type)
            queries.insert_thumbnail(tx, source, size, made)
            return made

        made = await self._keeping.add(_whole(image), _MOST_BYTES, refer)
        if made is None:
            # It was deleted while this was at work.
            await self._keeping.remove_unused([hashlib.sha256(image).hexdigest()])
            raise not_found("There is no such file.")
        return made

    async def _made(self, media: Media, size: ThumbnailSize) -> tuple[bytes, str]:
        path = await self._contents.borrow(str(media.sha256))
        try:
            made: tuple[bytes, str] = await self._processes.run(
                make_thumbnail, str(path), (size.width, size.height), size.method, size.is_animated, self._most_pixels
            )
        except _FAILED as error:
            logger.info("no thumbnail of %s: %s", media.uri, error)
            raise MatrixError(400, "M_UNKNOWN", "There can be no thumbnail of this file.") from None
        finally:
            await self._contents.give_back(path)
        return made

    def _nearest(self, wanted: ThumbnailSize) -> ThumbnailSize:
        """The smallest size of the method that is no smaller than wanted, else the largest."""
        fitting = [one for one in self._sizes if one.method == wanted.method] or self._sizes
        large = [one for one in fitting if one.width >= wanted.width and one.height >= wanted.height]
        size = min(large, key=_area) if large else max(fitting, key=_area)
        return ThumbnailSize(size.width, size.height, size.method, wanted.is_animated)


def _find(tx: Transaction, source: str, size: ThumbnailSize) -> tuple[Thumbnail | None, int]:
    return queries.find_thumbnail(tx, source, size), queries.count_thumbnails(tx, source)


def _area(size: ThumbnailSize) -> int:
    return size.width * size.height


async def _whole(image: bytes) -> AsyncIterator[bytes]:
    yield image
