"""Previews of web pages: which may be asked for, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from homeserver.config.federation import OutboundConfig
from homeserver.config.kinds import ADDRESS_RANGES, BOOLEAN, SIZE_BYTES, TEXT, TEXTS
from homeserver.config.section import Section

_URL_PARTS = ("scheme", "username", "password", "netloc", "hostname", "port", "path", "query", "fragment")

UrlPattern = Mapping[str, str]
"""Part of a URL to a glob (or `^` and a regular expression) for it; all of them have to match."""


@dataclass(frozen=True, slots=True)
class UrlPreviewConfig:
    """Previews. `url_whitelist` None: of all pages but those of `url_blacklist`. `oembed_files`: providers in the
    format of oembed.com's list, beside those that are built in."""

    is_enabled: bool = False
    denied_ranges: tuple[str, ...] | None = None
    allowed_ranges: tuple[str, ...] = ()
    url_blacklist: tuple[UrlPattern, ...] = ()
    url_whitelist: tuple[UrlPattern, ...] | None = None
    max_spider_bytes: int = 10 << 20
    accept_language: tuple[str, ...] = ("en",)
    respects_robots: bool = False
    has_default_providers: bool = True
    oembed_files: tuple[Path, ...] = ()


def url_preview_from(top: Section, outbound: OutboundConfig) -> UrlPreviewConfig:
    """All of it. The allowed ranges of other requests do not count: here users say where to connect."""
    default = UrlPreviewConfig()
    denied = top.find("url_preview_ip_range_blacklist", ADDRESS_RANGES)
    has_whitelist = top.has("url_preview_url_whitelist")
    whitelist = _patterns(top, "url_preview_url_whitelist")
    oembed = top.section("oembed")
    config = UrlPreviewConfig(
        is_enabled=top.read("url_preview_enabled", BOOLEAN, False),
        denied_ranges=outbound.denied_ranges if denied is None else denied,
        allowed_ranges=top.read("url_preview_ip_range_whitelist", ADDRESS_RANGES, ()),
        url_blacklist=_patterns(top, "url_preview_url_blacklist"),
        url_whitelist=whitelist if has_whitelist else None,
        max_spider_bytes=top.read("max_spider_size", SIZE_BYTES, default.max_spider_bytes),
        accept_language=top.read("url_preview_accept_language", TEXTS, default.accept_language),
        respects_robots=top.read("url_preview_respects_robots", BOOLEAN, False),
        has_default_providers=not oembed.read("disable_default_providers", BOOLEAN, False),
        oembed_files=oembed.paths("additional_providers"),
    )
    oembed.finish()
    return config


def _patterns(top: Section, key: str) -> tuple[UrlPattern, ...]:
    found = []
    for section in top.sections(key):
        parts = {part: section.find(part, TEXT) for part in _URL_PARTS}
        found.append(MappingProxyType({part: glob for part, glob in parts.items() if glob is not None}))
        section.finish()
    return tuple(found)
