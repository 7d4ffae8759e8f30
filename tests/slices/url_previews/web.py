"""A web site on loopback, and asking for previews of its pages."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from tests.slices.media.files import exchange
from tests.support.api_client import User
from tests.support.homeserver import HomeserverCase
from tests.support.peer_server import Exchange, PeerServer

PATH = "/_matrix/client/v1/media/preview_url"


class Site:
    """Pages by path; redirections by path."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.redirections: dict[str, str] = {}
        self.endless: set[str] = set()
        self._server = PeerServer(self._answer, address=address)
        self.url = f"http://{address}:{self._server.port}"
        self.port = self._server.port
        self.close = self._server.close

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for."""
        return [one.path for one in self._server.received]

    def fields(self, path: str) -> dict[str, str]:
        """The header fields of the last request for a path."""
        return next(one.headers for one in reversed(self._server.received) if one.path == path)

    def html(self, path: str, page: str | bytes, content_type: str = "text/html; charset=utf-8") -> str:
        """Put a page there; its URL."""
        self.pages[path] = (content_type, page.encode() if isinstance(page, str) else page)
        return self.url + path

    def _answer(self, exchange: Exchange) -> None:
        if exchange.path in self.redirections:
            exchange.reply(302, b"", {"Location": self.redirections[exchange.path]})
        elif exchange.path in self.endless:
            _go_on(exchange)
        elif exchange.path in self.pages:
            content_type, page = self.pages[exchange.path]
            exchange.reply(200, page, {"Content-Type": content_type})
        else:
            exchange.reply(404, b"", {"Content-Type": "text/html"})


def _go_on(exchange: Exchange) -> None:
    kind = b"image/png" if exchange.path.endswith("png") else b"text/html"
    exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nConnection: close\r\n\r\n")
    exchange.raw(b"<title>Endless</title>")
    begun = time.monotonic()
    exchange.close_connection = True
    try:
        while time.monotonic() - begun < 10:
            exchange.raw(b"<p>more</p>" * 1000)
    except OSError:
        pass


class PreviewCase(HomeserverCase):
    """A homeserver that makes previews, and a site that it may ask."""

    previewing: ClassVar[dict[str, Any]] = {}
    site: Site
    user: User

    @classmethod
    def setUpClass(cls) -> None:
        cls.site = Site()
        cls.addClassCleanup(cls.site.close)
        cls.settings = {
            "url_preview_enabled": True,
            "url_preview_ip_range_whitelist": ["127.0.0.1/32"],
            **cls.previewing,
        }
        super().setUpClass()
        cls.user = cls.server.new_user()

    def preview(self, url: str) -> dict[str, Any]:
        """The preview."""
        answer: dict[str, Any] = self.user.get(PATH, {"url": url})
        return answer

    def refused(self, url: str) -> tuple[int, str]:
        """Status and errcode."""
        return exchange(self.server.url, "GET", PATH, token=self.user.token, query={"url": url}).error
