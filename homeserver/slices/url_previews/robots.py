"""What `robots.txt` says, where the operator wants that to count.

https://www.rfc-editor.org/rfc/rfc9309
"""

from __future__ import annotations

import time
from collections import OrderedDict
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from homeserver.slices.url_previews.fetching import Fetching, beginning
from homeserver.slices.url_previews.records import NoPreview

NAME = "Hearth"
_MOST_HOSTS = 500
_KEPT_S = 3600
_MOST_BYTES = 64 * 1024


class Robots:
    """The rules of the sites asked last."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching
        self._known: OrderedDict[str, tuple[float, RobotFileParser]] = OrderedDict()

    async def check(self, url: str) -> None:
        """Raises `NoPreview` where a site does not want its page fetched, or cannot be asked whether it does."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        kept = self._known.get(site)
        if kept is None or kept[0] < time.monotonic():
            kept = time.monotonic() + _KEPT_S, await self._read(site)
            self._known[site] = kept
            if len(self._known) > _MOST_HOSTS:
                self._known.popitem(last=False)
        if not kept[1].can_fetch(NAME, url):
            raise NoPreview("robots.txt does not allow it")

    async def _read(self, site: str) -> RobotFileParser:
        """A file that is not there allows everything; a server that fails, nothing."""
        rules = RobotFileParser()
        stream = await self._fetching.ask(f"{site}/robots.txt", "text/plain")
        if stream.status == 200:
            rules.parse((await beginning(stream, _MOST_BYTES)).decode("utf-8", "replace").splitlines())
            return rules
        stream.abort()
        if stream.status >= 500:
            raise NoPreview(f"robots.txt: {stream.status}")
        rules.parse([])
        return rules
