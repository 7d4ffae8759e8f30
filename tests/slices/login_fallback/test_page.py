"""The page that logs people in, as a browser is given it."""

from __future__ import annotations

import http.client
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tests.support.api_client import PATIENCE_S
from tests.support.homeserver import Homeserver, HomeserverCase

PATH = "/_matrix/static/client/login/"


def page_of(server: Homeserver, path: str = PATH) -> tuple[int, str, str]:
    """(status, text, Content-Security-Policy)."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers["Content-Security-Policy"]
    finally:
        connection.close()


class LoginFallbackTest(HomeserverCase):
    """A server with passwords."""

    def test_the_page_asks_for_name_and_password(self) -> None:
        """Its form is sent nowhere, and it runs no script but its own; the slash may be left out."""
        for path in (PATH, PATH.rstrip("/")):
            status, text, policy = page_of(self.server, path)

            self.assertEqual(status, 200)
            self.assertIn('type="password"', text)
            self.assertIn("form-action 'none'", policy)
            self.assertIn("connect-src 'self'", policy)
            self.assertRegex(policy, r"script-src 'sha256-[^ ]+';")

    def test_what_stands_in_the_address_is_not_written_into_the_page(self) -> None:
        """It is read by the script alone."""
        _, text, _ = page_of(self.server, f"{PATH}?device_id=<b>bold</b>")

        self.assertNotIn("bold", text)


class NoPasswordsTest(HomeserverCase):
    """A server without."""

    settings: ClassVar[dict[str, Any]] = {"password_config": {"enabled": False}}

    def test_nobody_is_asked_for_one(self) -> None:
        """It says why."""
        _, text, _ = page_of(self.server)

        self.assertNotIn('type="password"', text)
        self.assertIn("another way", text)
