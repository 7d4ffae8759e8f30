"""Media: where files are, how large they may be, how many, and how long they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from homeserver.config.federation import OutboundConfig
from homeserver.config.kinds import (
    BOOLEAN,
    DURATION_MS,
    MOMENT_MS,
    PATH,
    SIZE_BYTES,
    TEXT,
    TEXTS,
    WEB_ADDRESS,
    choice,
    integer,
)
from homeserver.config.section import Section
from homeserver.config.url_previews import UrlPreviewConfig, url_preview_from

_MEBIBYTE = 1 << 20
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class ThumbnailSize:
    """A size that thumbnails are made in. `method` is `crop` or `scale`."""

    width: int
    height: int
    method: str


DEFAULT_SIZES = (
    ThumbnailSize(32, 32, "crop"),
    ThumbnailSize(96, 96, "crop"),
    ThumbnailSize(320, 240, "scale"),
    ThumbnailSize(640, 480, "scale"),
    ThumbnailSize(800, 600, "scale"),
)


@dataclass(frozen=True, slots=True)
class UploadLimit:
    """How much a user may upload in a time."""

    period_ms: int
    most_bytes: int


@dataclass(frozen=True, slots=True)
class MediaQuota:
    """How much may be here: a user's own files, and all those of other servers. None: without a limit. `info_uri`:
    where users read about it."""

    user_bytes: int | None = None
    remote_bytes: int | None = None
    upload_limits: tuple[UploadLimit, ...] = ()
    info_uri: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectStorageConfig:
    """A bucket that holds the files in place of the folder. `redirects`: clients get them there themselves.

    `endpoint` None is Amazon's. Without keys, they come from where the library looks for them (environment, machine).
    """

    bucket: str
    endpoint: str | None = None
    region: str | None = None
    prefix: str = ""
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    redirects: bool = False


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """Media. `*_lifetime_ms` None: kept for ever.

    `freeze_ts`: what came before stays with the older endpoints, which anybody may ask; None: what came while
    `requires_authentication` was not set.
    """

    path: Path
    max_upload_bytes: int
    max_image_pixels: int
    dynamic_thumbnails: bool
    thumbnails_in_advance: bool
    thumbnail_sizes: tuple[ThumbnailSize, ...]
    local_lifetime_ms: int | None
    remote_lifetime_ms: int | None
    unused_expiration_ms: int
    max_pending_uploads: int
    requires_authentication: bool
    freeze_ts: int | None
    denied_servers: frozenset[str]
    quota: MediaQuota
    object_storage: ObjectStorageConfig | None
    url_preview: UrlPreviewConfig


def media_from(top: Section, outbound: OutboundConfig) -> MediaConfig:
    """All of it."""
    retention = top.section("media_retention")
    denied_servers = top.read("prevent_media_downloads_from", TEXTS, ())
    config = MediaConfig(
        path=top.read("media_store_path", PATH, Path("media_store").absolute()),
        max_upload_bytes=top.read("max_upload_size", SIZE_BYTES, 50 * _MEBIBYTE),
        max_image_pixels=top.read("max_image_pixels", SIZE_BYTES, 32 * _MEBIBYTE),
        dynamic_thumbnails=top.read("dynamic_thumbnails", BOOLEAN, False),
        thumbnails_in_advance=top.read("thumbnails_in_advance", BOOLEAN, False),
        thumbnail_sizes=_sizes(top),
        local_lifetime_ms=retention.find("local_media_lifetime", DURATION_MS),
        remote_lifetime_ms=retention.find("remote_media_lifetime", DURATION_MS),
        unused_expiration_ms=top.read("unused_expiration_time", DURATION_MS, _DAY_MS),
        max_pending_uploads=top.read("max_pending_media_uploads", integer(), 5),
        requires_authentication=top.read("enable_authenticated_media", BOOLEAN, True),
        freeze_ts=top.find("authenticated_media_since", MOMENT_MS),
        denied_servers=frozenset(denied_servers),
        quota=_quota(top),
        object_storage=_object_storage(top),
        url_preview=url_preview_from(top, outbound),
    )
    retention.finish()
    return config


def _sizes(top: Section) -> tuple[ThumbnailSize, ...]:
    if not top.has("thumbnail_sizes"):
        return DEFAULT_SIZES
    found = []
    for section in top.sections("thumbnail_sizes"):
        width = section.require("width", integer(1, 4096), 1)
        height = section.require("height", integer(1, 4096), 1)
        found.append(ThumbnailSize(width, height, section.read("method", choice("crop", "scale"), "scale")))
        section.finish()
    return tuple(found)


def _quota(top: Section) -> MediaQuota:
    section = top.section("media_quota")
    limits = []
    for each in top.sections("media_upload_limits"):
        limits.append(UploadLimit(each.require("time_period", DURATION_MS, 1), each.require("max_size", SIZE_BYTES, 1)))
        each.finish()
    quota = MediaQuota(
        user_bytes=section.find("user", SIZE_BYTES),
        remote_bytes=section.find("remote_media", SIZE_BYTES),
        upload_limits=tuple(limits),
        info_uri=section.find("info_uri", WEB_ADDRESS),
    )
    section.finish()
    return quota


def _object_storage(top: Section) -> ObjectStorageConfig | None:
    if not top.has("media_object_storage"):
        return None
    section = top.section("media_object_storage")
    storage = ObjectStorageConfig(
        bucket=section.require("bucket", TEXT, "-"),
        endpoint=section.find("endpoint", WEB_ADDRESS),
        region=section.find("region", TEXT),
        prefix=section.read("prefix", TEXT, ""),
        access_key_id=section.find("access_key_id", TEXT),
        secret_access_key=section.secret("secret_access_key"),
        redirects=section.read("redirect_downloads", BOOLEAN, False),
    )
    section.finish()
    return storage
