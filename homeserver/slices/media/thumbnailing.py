"""The thumbnails of contents: found, or made in a pool of processes and kept."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from twisted.internet.defer import Deferred

from homeserver.database import Database
from homeserver.protocol.errors import MatrixError
from homeserver.slices.media import queries
from homeserver.slices.media.folder import Contents
from homeserver.slices.media.records import Media, Thumbnail, ThumbnailSize
from homeserver.slices.media.thumbnails import NoThumbnail, begin_worker, make_thumbnail

logger = logging.getLogger(__name__)

_WORKERS = 2
_TASKS_OF_A_WORKER = 50
_MOST_BYTES = 64 * 1024 * 1024


class Workers:
    """Processes that make thumbnails; started when the first is asked for, anew when one died of an image."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pool: ProcessPoolExecutor | None = None

    async def make(self, path: str, size: ThumbnailSize, most_pixels: int) -> tuple[bytes, str]:
        """(image, content type); raises `NoThumbnail`."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                _WORKERS,
                multiprocessing.get_context("spawn"),
                begin_worker,
                (os.getpid(),),
                max_tasks_per_child=_TASKS_OF_A_WORKER,
            )
        pool = self._pool
        try:
            future = pool.submit(
                make_thumbnail,
                path,
                (size.width, size.height),
                size.method,
                is_animated=size.is_animated,
                most_pixels=most_pixels,
            )
            return await self._result(future)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            pool.shutdown(wait=False, cancel_futures=True)
            raise NoThumbnail("making it ended its process") from None

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _result(self, future: Future[tuple[bytes, str]]) -> Deferred[tuple[bytes, str]]:
        waiting: Deferred[tuple[bytes, str]] = Deferred()

        def done(ended: Future[tuple[bytes, str]]) -> None:
            self._reactor.callFromThread(_hand_over, ended, waiting)

        future.add_done_callback(done)
        return waiting


class Thumbnailing:
    """Finds and makes thumbnails. `sizes`: those that are made; others are answered by the nearest of them."""

    def __init__(
        self,
        database: Database,
        contents: Contents,
        workers: Workers,
        sizes: Sequence[ThumbnailSize],
        most_pixels: int,
    ) -> None:
        self._database = database
        self._contents = contents
        self._workers = workers
        self._sizes = sizes
        self._most_pixels = most_pixels

    async def thumbnail(self, media: Media, wanted: ThumbnailSize) -> Thumbnail:
        """A thumbnail of a file that has come; 400 `M_UNKNOWN` for one that is no image."""
        size = self._nearest(wanted)
        source = str(media.sha256)
        found = await self._database.glance(queries.find_thumbnail, source, size)
        if found is not None:
            return found
        path = str(self._contents.path(source))
        try:
            image, content_type = await self._workers.make(path, size, self._most_pixels)
        except NoThumbnail as error:
            logger.info("no thumbnail of %s: %s", media.uri, error)
            raise MatrixError(400, "M_UNKNOWN", "There can be no thumbnail of this file.") from None
        content = await self._contents.add(_whole(image), _MOST_BYTES)
        made = Thumbnail(content, content_type)
        await self._database.transact(queries.insert_thumbnail, source, size, made)
        return made

    def _nearest(self, wanted: ThumbnailSize) -> ThumbnailSize:
        """The smallest size of the method that is no smaller than wanted, else the largest."""
        fitting = [one for one in self._sizes if one.method == wanted.method] or list(self._sizes)
        if not fitting:
            return wanted
        large = [one for one in fitting if one.width >= wanted.width and one.height >= wanted.height]
        size = min(large, key=_area) if large else max(fitting, key=_area)
        return ThumbnailSize(size.width, size.height, size.method, wanted.is_animated)


def _area(size: ThumbnailSize) -> int:
    return size.width * size.height


def _hand_over(future: Future[tuple[bytes, str]], waiting: Deferred[tuple[bytes, str]]) -> None:
    if waiting.called:
        return
    error = future.exception()
    if error is None:
        waiting.callback(future.result())
    else:
        waiting.errback(error)


async def _whole(image: bytes) -> AsyncIterator[bytes]:
    yield image
