"""Taking files in, and finding them.

https://spec.matrix.org/v1.19/client-server-api/#content-repository
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from homeserver.clock import Clock
from homeserver.config.media import MediaConfig
from homeserver.database import Change, Database, Transaction
from homeserver.protocol.errors import MatrixError, forbidden, not_found
from homeserver.rooms.service import wall_clock_ms
from homeserver.single_flight import SingleFlight
from homeserver.slices.media import queries
from homeserver.slices.media.content_types import checked_type, name_in
from homeserver.slices.media.keeping import Keeping
from homeserver.slices.media.quotas import UploadQuota
from homeserver.slices.media.records import About, Content, Media

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


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """The operator's, and this server's name."""

    config: MediaConfig
    server_name: str


class MediaFiles:
    """The files of this server, and those of others that somebody here has asked for. `on_uploaded` are told of each
    file that a local user has uploaded."""

    def __init__(
        self,
        database: Database,
        keeping: Keeping,
        remote: RemoteMedia,
        quota: UploadQuota,
        settings: MediaSettings,
        reactor: Clock,
    ) -> None:
        self._database = database
        self._keeping = keeping
        self._remote = remote
        self._quota = quota
        self._config = settings.config
        self._server_name = settings.server_name
        self._reactor = reactor
        self._waiting: dict[str, list[Deferred[None]]] = {}
        self._fetching: SingleFlight[tuple[str, str], None] = SingleFlight()
        self.on_uploaded: list[Callable[[Media], None]] = []
        database.feed.subscribe("media", self._filled)

    @property
    def most_bytes(self) -> int:
        """The largest file that is taken."""
        return self._config.max_upload_bytes

    @property
    def requires_account(self) -> bool:
        """Whether a file that comes now is for those with an account alone."""
        freeze_ts = self._config.freeze_ts
        return self._config.requires_authentication and (freeze_ts is None or freeze_ts <= wall_clock_ms())

    async def check_ahead(self, uploader: str, size_bytes: int) -> None:
        """Before any of an upload is read: 413 `M_TOO_LARGE`, 403 `M_USER_LIMIT_EXCEEDED`."""
        if size_bytes > self.most_bytes:
            raise MatrixError(413, "M_TOO_LARGE", f"A file may have {self.most_bytes} bytes.")
        await self._quota.check_ahead(uploader, size_bytes)

    async def upload(self, chunks: AsyncIterator[bytes], about: About, uploader: str) -> str:
        """Take a file; its URI. 413 `M_TOO_LARGE`, 403 `M_USER_LIMIT_EXCEEDED`."""
        row = self._row(uploader, about)

        def refer(tx: Transaction, content: Content) -> Media | None:
            self._quota.check(tx, uploader, content.size_bytes)
            queries.insert_media(tx, _with_content(row, content))
            return queries.find_media(tx, self._server_name, row["media_id"])

        media = await self._keeping.add(chunks, self.most_bytes, refer)
        self._announce_upload(media)
        return f"mxc://{self._server_name}/{row['media_id']}"

    async def keep_until(self, chunks: AsyncIterator[bytes], about: About, most_bytes: int, expires_ts: int) -> Media:
        """A file of nobody's that is kept until a moment; 413 `M_TOO_LARGE`."""
        row = {**self._row(None, about), "expires_ts": expires_ts}

        def refer(tx: Transaction, content: Content) -> Media | None:
            queries.insert_media(tx, _with_content(row, content))
            return queries.find_media(tx, self._server_name, row["media_id"])

        media = await self._keeping.add(chunks, most_bytes, refer)
        if media is None:
            raise not_found("There is no such file.")
        return media

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
        if media.sha256 is not None or media.is_quarantined:
            raise _taken()

        def refer(tx: Transaction, content: Content) -> Media | None:
            self._quota.check(tx, uploader, content.size_bytes)
            if not queries.fill_media(tx, media.media_nid, content, about.content_type, about.file_name):
                raise _taken()
            tx.publish("media", media.uri)
            return queries.find_media(tx, media.origin, media.media_id)

        self._announce_upload(await self._keeping.add(chunks, self.most_bytes, refer))

    async def get(self, wish: Wish) -> Media:
        """A file that is here now. 404 `M_NOT_FOUND`, 504 `M_NOT_YET_UPLOADED`, 502 where its server does not give
        it."""
        media = await self._database.glance(queries.find_media, wish.origin, wish.media_id)
        if media is None and wish.origin != self._server_name and wish.may_fetch:
            await self._fetching.run((wish.origin, wish.media_id), partial(self._fetch, wish))
            media = await self._database.glance(queries.find_media, wish.origin, wish.media_id)
        if media is not None and media.sha256 is None and not media.is_quarantined and not _has_expired(media):
            media = await self._wait_for(media, min(wish.timeout_ms, MOST_WAIT_MS))
        if media is None or media.is_quarantined or _has_expired(media) or not self._may_have(wish, media):
            raise not_found("There is no such file.")
        if media.sha256 is None:
            raise MatrixError(504, "M_NOT_YET_UPLOADED", "The file has not been uploaded yet.")
        return media

    async def note_used(self, media: Media) -> None:
        """Somebody has asked for a file; written now and then."""
        now_ms = wall_clock_ms()
        if now_ms - media.used_ts > _USED_EVERY_MS:
            await self._database.transact(queries.note_used, media.media_nid, now_ms)

    async def note_type(self, media: Media, content_type: str) -> None:
        """What a file is turned out when it was looked at."""
        await self._database.transact(queries.set_content_type, media.media_nid, content_type)

    def _may_have(self, wish: Wish, media: Media) -> bool:
        """Whether the file is for who asks: without an account, only for what came before the freeze."""
        freeze_ts = self._config.freeze_ts
        is_frozen = freeze_ts is not None and media.created_ts >= freeze_ts
        return wish.has_account or not (media.needs_account or is_frozen)

    async def _fetch(self, wish: Wish) -> None:
        if wish.origin in self._config.denied_servers:
            raise not_found("There is no such file.")
        file = await self._remote.fetch(wish.origin, wish.media_id, min(wish.timeout_ms, MOST_WAIT_MS))
        about = About(checked_type(file.content_type), name_in(file.disposition))
        row = {**self._row(None, about), "origin": wish.origin, "media_id": wish.media_id}

        def refer(tx: Transaction, content: Content) -> Content | None:
            is_new = queries.insert_media(tx, _with_content(row, content))
            return None if is_new else content

        try:
            unneeded = await self._keeping.add(file.chunks, self.most_bytes, refer)
        except MatrixError as error:
            if error.errcode == "M_TOO_LARGE":
                raise too_large_to_serve() from None
            raise
        if unneeded is not None:
            # Another process had fetched it meanwhile.
            await self._keeping.remove_unused([unneeded.sha256])

    def _announce_upload(self, media: Media | None) -> None:
        if media is not None:
            for told in self.on_uploaded:
                told(media)

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
            "needs_account": int(self.requires_account),
        }


def too_large_to_serve() -> MatrixError:
    """502 `M_TOO_LARGE`: another server's file is larger than files may be here."""
    return MatrixError(502, "M_TOO_LARGE", "The file is too large for this server to fetch.")


def _taken() -> MatrixError:
    return MatrixError(409, "M_CANNOT_OVERWRITE_MEDIA", "The file has been uploaded already.")


def _with_content(row: dict[str, Any], content: Content) -> dict[str, Any]:
    return {**row, "sha256": content.sha256, "size_bytes": content.size_bytes}


def _has_expired(media: Media) -> bool:
    return media.expires_ts is not None and media.expires_ts <= wall_clock_ms()
