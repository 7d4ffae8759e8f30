"""Providers that say about their pages what the pages themselves do not say without scripts.

https://oembed.com/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

#: Endpoint, and the pages that it knows. Operators add others (`oembed.additional_providers`).
_DEFAULT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("https://publish.twitter.com/oembed", ("https://twitter.com/*/status/*", "https://x.com/*/status/*")),
    (
        "https://www.youtube.com/oembed",
        ("https://*.youtube.com/watch*", "https://youtu.be/*", "https://*.youtube.com/shorts/*"),
    ),
    ("https://vimeo.com/api/oembed.json", ("https://vimeo.com/*",)),
    ("https://soundcloud.com/oembed", ("https://soundcloud.com/*",)),
    ("https://open.spotify.com/oembed", ("https://open.spotify.com/*",)),
    ("https://www.tiktok.com/oembed", ("https://www.tiktok.com/*/video/*",)),
)


class Providers:
    """Which provider knows a page. Raises ValueError for a file that is not in the format of oembed.com's list."""

    def __init__(self, files: Sequence[Path], *, has_default: bool) -> None:
        self._known: list[tuple[re.Pattern[str], str]] = []
        for file in files:
            for endpoint, schemes in _read(file):
                self._add(endpoint, schemes)
        if has_default:
            for endpoint, pages in _DEFAULT:
                self._add(endpoint, pages)

    def find(self, url: str) -> str | None:
        """Where to ask about a page; None where nobody knows it."""
        for pattern, endpoint in self._known:
            if pattern.match(url):
                return f"{endpoint}?{urlencode({'url': url, 'format': 'json'})}"
        return None

    def _add(self, endpoint: str, schemes: Iterable[str]) -> None:
        self._known.extend((_pattern(scheme), endpoint.replace("{format}", "json")) for scheme in schemes)


def _pattern(scheme: str) -> re.Pattern[str]:
    """A `*` in the host stands for a part of it, elsewhere for anything; http and https are the same."""
    protocol, _, rest = scheme.partition("://")
    host, slash, path = rest.partition("/")
    if protocol not in ("http", "https") or not host.strip("*"):
        raise ValueError(f"no scheme of oEmbed: {scheme!r}")
    shown_host = re.escape(host).replace(r"\*", r"[^/@:?#]*")
    return re.compile(f"https?://{shown_host}{re.escape(slash + path).replace(chr(92) + '*', '.*')}\\Z")


def _read(file: Path) -> list[tuple[str, list[str]]]:
    try:
        providers: Any = json.loads(file.read_text(encoding="utf-8"))
        return [
            (str(endpoint["url"]), [str(one) for one in endpoint["schemes"]])
            for provider in providers
            for endpoint in provider["endpoints"]
            if "schemes" in endpoint
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} is not a list of oEmbed providers: {error}") from None
