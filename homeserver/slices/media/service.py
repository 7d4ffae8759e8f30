"""Taking files in, finding them, and forgetting them.

https://spec.matrix.org/v1.19/client-server-api/#content-repository
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from homeserver.clock import Clock
from homeserver.config.media import MediaConfig
from homeserver.database import Change, Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.rooms.service import wall_clock_ms
from homeserver.slices.media import queries
from homeserver.slices.media.content_types import checked_type, name_in
from homeserver.slices.media.folder import Contents
from homeserver.slices.media.records import About, Media

_USED_EVERY_MS = 3_600_000
MOST_WAIT_MS = 120_000


class RemoteFile(Protocol):
    """A file that is coming from another server: two header fields as it gave them, and the bytes."""

    @property
    def content_type(self) -> str | None: ...

    @property
    def disposition(self) -> str | None: ...

    @property
    def chunks(self) -> AsyncIterator[bytes]: ...


class RemoteMedia(Protocol):
    """Files of other servers."""

    async def fetch(self, origin: str, media_id: str, timeout_ms: int) -> RemoteFile:
        """A file; raises `MatrixError` 404, 502 or 504."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to have. `timeout_ms`: how long to wait for a file that has not come. `may_fetch`: from its
    server. `has_account`: whether the asker has shown one (or is a server)."""

    origin: str
    media_id: str
    timeout_ms: int = 20_000
    may_fetch: bool = True
    has_account: bool = True


class MediaFiles:
    """The files of this server, and those of others that somebody here has asked for."""

    def __init__(
        self,
        database: Database,
        contents: Contents,
        remote: RemoteMedia,
        config: MediaConfig,
        server_name: str,
        reactor: Clock,
    ) -> None:
        self._database = database
        self._contents = contents
        self._remote = remote
        self._config = config
        self._server_name = server_name
        self._reactor = reactor
        self._waiting: dict[str, list[Deferred[None]]] = {}
        self._fetching: dict[tuple[str, str], list[Deferred[None]]] = {}
        database.feed.subscribe("media", self._filled)

    @property
    def most_bytes(self) -> int:
        """The largest file that is taken."""
        return self._config.max_upload_bytes

    async def upload(self, chunks: AsyncIterator[bytes], about: About, uploader: str) -> str:
        """Take a file; its URI. 413 `M_TOO_LARGE`."""
        content = await self._contents.add(chunks, self.most_bytes)
        row = self._row(uploader, about)
        row |= {"sha256": content.sha256, "size_bytes": content.size_bytes}
        await self._database.transact(queries.insert_media, row)
        return f"mxc://{self._server_name}/{row['media_id']}"

    async def announce(self, uploader: str) -> tuple[str, int]:
        """(the URI of a file that is to be uploaded, until when in ms); 429 where too many are to be."""
        now_ms = wall_clock_ms()
        expires_ts = now_ms + self._config.unused_expiration_ms
        row = {**self._row(uploader, About()), "expires_ts": expires_ts}

        def insert(tx: Transaction) -> bool:
            if queries.count_pending(tx, uploader, now_ms) >= self._config.max_pending_uploads:
                return False
            return queries.insert_media(tx, row)

        if not await self._database.transact(insert, locks=(f"media:{uploader}",)):
            raise MatrixError(429, "M_LIMIT_EXCEEDED", "Upload what you have announced first.", retry_after_ms=60_000)
        return f"mxc://{self._server_name}/{row['media_id']}", expires_ts

    async def fill(self, wish: Wish, chunks: AsyncIterator[bytes], about: About, uploader: str) -> None:
        """Upload what was announced; 404, 403 for another's, 409 `M_CANNOT_OVERWRITE_MEDIA` for what has come."""
        media = await self._database.glance(queries.find_media, wish.origin, wish.media_id)
        if media is None or _has_expired(media):
            raise not_found("No such upload was announced, or its time is over.")
        if media.uploader != uploader:
            raise forbidden("Somebody else has announced this upload.")
        taken = MatrixError(409, "M_CANNOT_OVERWRITE_MEDIA", "The file has been uploaded already.")
        if media.sha256 is not None:
            raise taken
        content = await self._contents.add(chunks, self.most_bytes)

        def write(tx: Transaction) -> bool:
            tx.publish("media", media.uri)
            return queries.fill_media(tx, media.media_nid, content, about.content_type, about.file_name)

        if not await self._database.transact(write):
            raise taken

    async def get(self, wish: Wish) -> Media:
        """A file that is here now. 404 `M_NOT_FOUND`, 504 `M_NOT_YET_UPLOADED`, 502 where its server does not give
        it."""
        media = await self._database.glance(queries.find_media, wish.origin, wish.media_id)
        if media is None and wish.origin != self._server_name and wish.may_fetch:
            await self._fetch_once(wish)
            media = await self._database.glance(queries.find_media, wish.origin, wish.media_id)
        if media is not None and media.sha256 is None and not _has_expired(media):
            media = await self._wait_for(media, min(wish.timeout_ms, MOST_WAIT_MS))
        if media is None or media.is_quarantined or (media.needs_account and not wish.has_account):
            raise not_found("There is no such file.")
        if media.sha256 is None:
            if _has_expired(media):
                raise not_found("There is no such file.")
            raise MatrixError(504, "M_NOT_YET_UPLOADED", "The file has not been uploaded yet.")
        return media

    async def reap(self) -> None:
        """Forget what did not come, and what nobody has asked for in the time that the operator gives."""
        now_ms = wall_clock_ms()
        await self._database.transact(queries.take_expired, now_ms)
        lifetimes = ((True, self._config.local_lifetime_ms), (False, self._config.remote_lifetime_ms))
        for is_local, lifetime_ms in lifetimes:
            if lifetime_ms is not None:
                await self._forget_unused(now_ms - lifetime_ms, is_local=is_local)

    async def note_used(self, media: Media) -> None:
        """Somebody has asked for a file; written now and then."""
        now_ms = wall_clock_ms()
        if now_ms - media.used_ts > _USED_EVERY_MS:
            await self._database.transact(queries.note_used, media.media_nid, now_ms)

    async def _forget_unused(self, before_ms: int, *, is_local: bool) -> None:
        def find(tx: Transaction) -> list[Media]:
            return queries.unused_since(tx, self._server_name, before_ms, 500, is_local=is_local)

        for media in await self._database.read(find):
            for sha256 in await self._database.transact(queries.delete_media, media):
                await self._contents.delete(sha256)

    async def _fetch_once(self, wish: Wish) -> None:
        """Fetch from the file's server; who asks meanwhile waits for the same."""
        key = (wish.origin, wish.media_id)
        if key in self._fetching:
            waiting: Deferred[None] = Deferred()
            self._fetching[key].append(waiting)
            await waiting
            return
        self._fetching[key] = []
        try:
            await self._fetch(wish)
        finally:
            for other in self._fetching.pop(key):
                other.callback(None)

    async def _fetch(self, wish: Wish) -> None:
        if wish.origin in self._config.denied_servers:
            raise not_found("There is no such file.")
        file = await self._remote.fetch(wish.origin, wish.media_id, min(wish.timeout_ms, MOST_WAIT_MS))
        content = await self._contents.add(file.chunks, self.most_bytes)
        about = About(checked_type(file.content_type), name_in(file.disposition))
        row = self._row(None, about)
        row |= {"origin": wish.origin, "media_id": wish.media_id}
        row |= {"sha256": content.sha256, "size_bytes": content.size_bytes}
        await self._database.transact(queries.insert_media, row)

    async def _wait_for(self, media: Media, timeout_ms: int) -> Media | None:
        waiting: Deferred[None] = Deferred()
        self._waiting.setdefault(media.uri, []).append(waiting)
        timer = self._reactor.callLater(timeout_ms / 1000, self._came, media.uri)
        await waiting
        if timer.active():
            timer.cancel()
        return await self._database.glance(queries.find_media, media.origin, media.media_id)

    def _filled(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self._came(change.key)

    def _came(self, uri: str) -> None:
        for waiting in self._waiting.pop(uri, ()):
            waiting.callback(None)

    def _row(self, uploader: str | None, about: About) -> dict[str, Any]:
        return {
            "origin": self._server_name,
            "media_id": secrets.token_urlsafe(18),
            "sha256": None,
            "size_bytes": 0,
            "content_type": about.content_type,
            "file_name": about.file_name,
            "uploader": uploader,
            "created_ts": wall_clock_ms(),
            "expires_ts": None,
            "needs_account": int(self._config.requires_authentication),
        }


def _has_expired(media: Media) -> bool:
    return media.expires_ts is not None and media.expires_ts <= wall_clock_ms()
