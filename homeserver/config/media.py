"""Media: where files are, how large they may be, and previews of web pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from homeserver.config.federation import OutboundConfig
from homeserver.config.kinds import ADDRESS_RANGES, BOOLEAN, DURATION_MS, PATH, SIZE_BYTES, TEXT, TEXTS, choice, integer
from homeserver.config.section import Section

_MEBIBYTE = 1 << 20
_DAY_MS = 24 * 3600 * 1000
_URL_PARTS = ("scheme", "username", "password", "netloc", "hostname", "port", "path", "query", "fragment")


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
class UrlPreviewConfig:
    """Previews. `url_blacklist`: each entry maps parts of a URL to a glob (or `^` and a regular expression) for it."""

    is_enabled: bool = False
    denied_ranges: tuple[str, ...] | None = None
    allowed_ranges: tuple[str, ...] = ()
    url_blacklist: tuple[Mapping[str, str], ...] = ()
    max_spider_bytes: int = 10 * _MEBIBYTE
    accept_language: tuple[str, ...] = ("en",)


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """Media. `*_lifetime_ms` None: kept for ever."""

    path: Path
    max_upload_bytes: int
    max_image_pixels: int
    dynamic_thumbnails: bool
    thumbnail_sizes: tuple[ThumbnailSize, ...]
    local_lifetime_ms: int | None
    remote_lifetime_ms: int | None
    unused_expiration_ms: int
    max_pending_uploads: int
    requires_authentication: bool
    denied_servers: frozenset[str]
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
        thumbnail_sizes=_sizes(top),
        local_lifetime_ms=retention.find("local_media_lifetime", DURATION_MS),
        remote_lifetime_ms=retention.find("remote_media_lifetime", DURATION_MS),
        unused_expiration_ms=top.read("unused_expiration_time", DURATION_MS, _DAY_MS),
        max_pending_uploads=top.read("max_pending_media_uploads", integer(), 5),
        requires_authentication=top.read("enable_authenticated_media", BOOLEAN, True),
        denied_servers=frozenset(denied_servers),
        url_preview=_url_preview(top, outbound),
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


def _url_preview(top: Section, outbound: OutboundConfig) -> UrlPreviewConfig:
    default = UrlPreviewConfig()
    blacklist = []
    for section in top.sections("url_preview_url_blacklist"):
        parts = {part: section.find(part, TEXT) for part in _URL_PARTS}
        blacklist.append(MappingProxyType({part: glob for part, glob in parts.items() if glob is not None}))
        section.finish()
    denied = top.find("url_preview_ip_range_blacklist", ADDRESS_RANGES)
    return UrlPreviewConfig(
        is_enabled=top.read("url_preview_enabled", BOOLEAN, False),
        denied_ranges=outbound.denied_ranges if denied is None else denied,
        allowed_ranges=top.read("url_preview_ip_range_whitelist", ADDRESS_RANGES, ()) or outbound.allowed_ranges,
        url_blacklist=tuple(blacklist),
        max_spider_bytes=top.read("max_spider_size", SIZE_BYTES, default.max_spider_bytes),
        accept_language=top.read("url_preview_accept_language", TEXTS, default.accept_language),
    )
