"""What administrators do with files: look at them, put them into quarantine, delete them.

A file in quarantine is there for nobody. Its content is refused under whatever other URI it comes, and it is not
fetched again, also when its bytes were deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import not_found
from homeserver.rooms.service import wall_clock_ms
from homeserver.slices.media import queries, queries_contents, queries_moderation
from homeserver.slices.media.keeping import Keeping
from homeserver.slices.media.queries_moderation import Page
from homeserver.slices.media.records import Media

logger = logging.getLogger(__name__)

_AT_ONCE = 500
_EVER_MS = 1 << 53


class MediaModeration:
    """Quarantine and deletion. Whose request it is was checked."""

    def __init__(self, database: Database, keeping: Keeping, server_name: str) -> None:
        self._database = database
        self._keeping = keeping
        self.server_name = server_name

    async def get(self, origin: str, media_id: str) -> Media:
        """What is known of a file; 404 `M_NOT_FOUND`."""
        media = await self._database.glance(queries.find_media, origin, media_id)
        if media is None:
            raise not_found("There is no such file here.")
        return media

    async def quarantine(self, uris: Iterable[str], administrator: str) -> int:
        """Put files into quarantine, with all that have the same content; how many files that were. Protected ones
        stay; of other servers' that are not here, none is fetched."""
        places = [_place(uri) for uri in uris]
        count = 0
        for start in range(0, len(places), _AT_ONCE):
            batch = places[start : start + _AT_ONCE]
            count += await self._database.transact(self._quarantine, batch, administrator)
        logger.warning("%s put %d files into quarantine", administrator, count)
        return count

    async def quarantine_user(self, user_id: str, administrator: str) -> int:
        """As `quarantine`, what a user has uploaded."""
        return await self.quarantine([one.uri for one in await self._all_of(user_id)], administrator)

    async def quarantine_content(self, sha256: str, administrator: str) -> int:
        """Put a content into quarantine, whether it is here or not; how many files had it."""

        def write(tx: Transaction) -> int:
            queries_contents.refuse(tx, [sha256], administrator, wall_clock_ms())
            return queries_moderation.quarantine_content(tx, sha256, administrator)

        return await self._database.transact(write)

    async def release(self, media: Media) -> None:
        """Take a file out of quarantine, with all that have the same content."""

        def write(tx: Transaction) -> None:
            if media.sha256 is not None:
                queries_contents.refuse_no_more(tx, media.sha256)
                queries_moderation.release_content(tx, media.sha256)
            elif media.origin != self.server_name:
                # There is nothing of it here: it may be fetched.
                queries.delete_row(tx, media.media_nid)
            queries_moderation.release_file(tx, media.media_nid)

        await self._database.transact(write)

    async def release_content(self, sha256: str) -> int:
        """A content is refused no more; how many files had it."""

        def write(tx: Transaction) -> int:
            queries_contents.refuse_no_more(tx, sha256)
            return queries_moderation.release_content(tx, sha256)

        return await self._database.transact(write)

    async def protect(self, media: Media, *, is_protected: bool) -> None:
        """Whether a file stays where others are put into quarantine."""

        def write(tx: Transaction) -> None:
            queries_moderation.set_protected(tx, media.media_nid, is_protected=is_protected)

        await self._database.transact(write)

    async def delete(self, files: Iterable[Media]) -> list[str]:
        """Delete files; their ids. Others' in quarantine are still known, so that they are not fetched again."""
        deleted = []
        for media in files:
            if media.is_quarantined and media.origin != self.server_name:
                await self._keeping.empty(media)
            else:
                await self._keeping.delete(media)
            deleted.append(media.media_id)
        return deleted

    async def delete_unused(self, before_ms: int, larger_than: int, kept: frozenset[str]) -> list[str]:
        """Delete this server's files that nobody has asked for since a moment and that are larger than so many bytes,
        but those whose URI is in `kept`; their ids."""
        deleted: list[str] = []
        after = 0
        while True:
            found = await self._database.read(
                queries_moderation.local_files_before, self.server_name, before_ms, larger_than, after
            )
            if not found:
                return deleted
            after = found[-1].media_nid
            deleted += await self.delete([one for one in found if one.uri not in kept])

    async def page_of_user(self, user_id: str, page: Page) -> tuple[list[Media], int]:
        """(a page of what a user has uploaded, how many files that are in all)."""

        def read(tx: Transaction) -> tuple[list[Media], int]:
            return queries_moderation.files_of_user(tx, user_id, page), queries_moderation.count_of_user(tx, user_id)

        return await self._database.read(read)

    async def statistics(
        self, page: Page, since_ms: int, until_ms: int | None, term: str
    ) -> tuple[list[tuple[str, int, int]], int]:
        """((user id, number of files, their bytes) of a page of users, how many users)."""
        until_ms = _EVER_MS if until_ms is None else until_ms
        return await self._database.read(queries_moderation.statistics, page, since_ms, until_ms, term)

    async def _all_of(self, user_id: str) -> list[Media]:
        page = Page(0, 1 << 31, "created_ts", False)
        return await self._database.read(queries_moderation.files_of_user, user_id, page)

    def _quarantine(self, tx: Transaction, places: list[tuple[str, str]], administrator: str) -> int:
        count, now_ms = 0, wall_clock_ms()
        for origin, media_id in places:
            media = queries.find_media(tx, origin, media_id)
            if media is None:
                if origin != self.server_name:
                    count += queries_moderation.bar_file(tx, origin, media_id, administrator, now_ms)
            elif not media.is_protected:
                if media.sha256 is not None:
                    queries_contents.refuse(tx, [media.sha256], administrator, now_ms)
                    count += queries_moderation.quarantine_content(tx, media.sha256, administrator)
                count += queries_moderation.quarantine_file(tx, media.media_nid, administrator)
        return count


def _place(uri: str) -> tuple[str, str]:
    origin, _, media_id = uri.removeprefix("mxc://").partition("/")
    return origin, media_id
