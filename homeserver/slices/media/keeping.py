"""Contents and what refers to them, kept in step: a content is there as long as a file or a thumbnail has it.

What takes a content away says so in `media_removals` first, and removes the bytes then. Who adds an equal content waits
for the end of that; and puts it in its place once more, where one was removed after they had looked. So no process
loses what another has just been told is kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from typing import TypeVar

from twisted.internet.defer import Deferred

from homeserver.clock import Clock
from homeserver.database import Database, Transaction
from homeserver.rooms.service import wall_clock_ms
from homeserver.slices.media import queries, queries_contents
from homeserver.slices.media.contents import Contents, Staged
from homeserver.slices.media.records import Content, Media

T = TypeVar("T")

_LOOK_AGAIN_S = 0.2
#: Whoever began a removal so long ago has died.
_STALE_MS = 600_000
#: Nobody takes longer to put a content in its place.
_REMEMBERED_MS = 3_600_000

#: The lock of those who begin removals: so their numbers are in the order in which they can be seen.
_REMOVALS = "media-removals"

Refer = Callable[[Transaction, Content], T]
"""In a transaction: write down what refers to the content. May raise `MatrixError`: then the content is not kept."""


class Keeping:
    """Adds and removes contents together with what refers to them."""

    def __init__(self, database: Database, contents: Contents, clock: Clock) -> None:
        self._database = database
        self._contents = contents
        self._clock = clock

    async def begin(self) -> None:
        """At a start: make what is needed, and remove what a process left that died."""
        await self._contents.open()
        await self._sweep()

    async def add(self, chunks: AsyncIterator[bytes], most_bytes: int, refer: Refer[T]) -> T:
        """Keep what comes; what `refer` returns. 413 `M_TOO_LARGE`. Nothing is left where that fails."""
        newest = await self._database.glance(queries_contents.newest_removal)
        # Where nothing is being removed, it is put in its place before anything is asked about it.
        staged = await self._contents.stage(chunks, most_bytes, keeps=newest is not None)
        try:
            if newest is not None:
                referred = await self._refer(staged, refer, newest)
                if referred is not None:
                    return referred[0]
            return await self._add(staged, refer)
        except BaseException:
            await self.remove_unused([staged.content.sha256])
            raise
        finally:
            await staged.drop()

    async def delete(self, media: Media) -> None:
        """Forget a file; and its content and thumbnails, if it was the last that had them."""
        source = media.sha256
        if source is None:
            await self._database.transact(queries.delete_row, media.media_nid)
            return
        removed = await self._without_thumbnails(source, lambda tx: queries.delete_row(tx, media.media_nid))
        await self._remove(removed)

    async def empty(self, media: Media) -> None:
        """Forget the content of a file; what is known of it stays, so that it is not fetched again."""
        if media.sha256 is not None:
            source = media.sha256
            await self._remove(
                await self._without_thumbnails(source, lambda tx: queries_contents.empty_media(tx, media.media_nid))
            )

    async def remove_unused(self, contents: Collection[str]) -> None:
        """Remove those of some contents that nothing has."""

        def mark(tx: Transaction) -> list[str]:
            return queries_contents.begin_removals(tx, contents, wall_clock_ms())

        await self._remove(await self._database.transact(mark, locks=_locks(contents, _REMOVALS)))

    async def reap(self) -> None:
        """Finish what a process began before it died, and remove what it left."""
        stale = await self._database.read(queries_contents.removals_before, wall_clock_ms() - _STALE_MS)
        await self._remove(stale)
        await self._database.transact(queries_contents.forget_removals, wall_clock_ms() - _REMEMBERED_MS)
        await self._sweep()

    async def _sweep(self) -> None:
        async def remove(sha256: str) -> None:
            await self.remove_unused([sha256])

        await self._contents.sweep(remove)

    async def _add(self, staged: Staged, refer: Refer[T]) -> T:
        sha256 = staged.content.sha256
        while True:
            newest, is_done = await self._database.glance(queries_contents.last_removal, sha256)
            if is_done:
                await staged.keep()
                referred = await self._refer(staged, refer, newest)
                if referred is not None:
                    return referred[0]
            waiting: Deferred[None] = Deferred()
            self._clock.callLater(_LOOK_AGAIN_S, waiting.callback, None)
            await waiting

    async def _refer(self, staged: Staged, refer: Refer[T], newest: int) -> tuple[T] | None:
        """Write down what refers to a content that is in its place; None where it was removed, or is to be, since the
        removal of this number."""
        sha256 = staged.content.sha256

        def write(tx: Transaction) -> tuple[T] | None:
            if queries_contents.last_removal(tx, sha256)[0] > newest:
                return None
            return (refer(tx, staged.content),)

        return await self._database.transact(write, locks=_locks([sha256]))

    async def _without_thumbnails(self, source: str, forget: Callable[[Transaction], None]) -> list[str]:
        """Let go of a content and of its thumbnails; those that are to be removed."""
        known = {source, *await self._database.glance(queries_contents.thumbnails_of, source)}

        def write(tx: Transaction) -> list[str] | set[str]:
            thumbnails = set(queries_contents.thumbnails_of(tx, source))
            if not thumbnails <= known:
                return thumbnails
            forget(tx)
            if not queries_contents.has_file(tx, source):
                queries_contents.delete_thumbnails(tx, source)
            return queries_contents.begin_removals(tx, known, wall_clock_ms())

        while isinstance(found := await self._database.transact(write, locks=_locks(known, _REMOVALS)), set):
            known |= found
        return found

    async def _remove(self, contents: Collection[str]) -> None:
        for sha256 in contents:
            await self._contents.delete(sha256)
            await self._database.transact(queries_contents.end_removal, sha256)


def _locks(contents: Collection[str], *others: str) -> tuple[str, ...]:
    return tuple(sorted((*others, *(f"media-content:{sha256}" for sha256 in contents))))
