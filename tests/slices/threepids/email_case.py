"""A homeserver with a mail server, and what people do in their browser with what they are sent."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import count
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from tests.support.api_client import PATIENCE_S, User
from tests.support.homeserver import PASSWORD, HomeserverCase
from tests.support.mail_server import MailServer, link_in

EMAIL_STAGE = "m.login.email.identity"


@dataclass(frozen=True)
class Page:
    """What a browser was answered, redirections not followed."""

    status: int
    text: str
    headers: Any

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the page's form."""
        parser = _Fields()
        parser.feed(self.text)
        return parser.found


def browse(url: str, form: dict[str, str] | None = None) -> Page:
    """Open a page, or send a form."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_S)
    try:
        if form is None:
            connection.request("GET", target)
        else:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", target, urlencode(form), kind)
        answer = connection.getresponse()
        return Page(answer.status, answer.read().decode(), answer.headers)
    finally:
        connection.close()


def follow(url: str) -> Page:
    """Open a link in a mail, and press the button if there is one."""
    page = browse(url)
    return browse(url.partition("?")[0], page.fields) if page.fields else page


class EmailCase(HomeserverCase):
    """Tests of one server that sends mail. `email`: further settings of that section."""

    mail: MailServer
    email: ClassVar[dict[str, Any]] = {}
    extra: ClassVar[dict[str, Any]] = {}
    _numbers = count(1)

    @classmethod
    def setUpClass(cls) -> None:
        cls.mail = MailServer().start()
        cls.addClassCleanup(cls.mail.close)
        cls.settings = {"email": {"smtp_host": "127.0.0.1", "smtp_port": cls.mail.port, **cls.email}, **cls.extra}
        super().setUpClass()

    def new_address(self) -> str:
        """Nobody else's."""
        return f"person-{next(self._numbers)}@example.org"

    def request_token(self, place: str, address: str, secret: str = "s3cret", attempt: int = 1, **body: Any) -> str:
        """Ask for a mail; the session's id."""
        wanted = {"email": address, "client_secret": secret, "send_attempt": attempt, **body}
        sid: str = self.server.post(f"/{place}/email/requestToken", wanted)["sid"]
        return sid

    def validated(self, place: str, address: str) -> dict[str, str]:
        """The credentials of an address that was confirmed."""
        number = len(self.mail.mails_to(address)) + 1
        sid = self.request_token(place, address, f"secret.{number}")
        page = follow(link_in(self.mail.get_mail(address, number)))
        self.assertEqual(page.status, 200, page.text)
        return {"sid": sid, "client_secret": f"secret.{number}"}

    def with_password(self, user: User, path: str, body: dict[str, Any]) -> Any:
        """POST with the password stage."""
        session = user.request("POST", path, body).json["session"]
        identifier = {"type": "m.id.user", "user": user.user_id}
        auth = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD, "session": session}
        return user.post(path, {**body, "auth": auth})

    def add_address(self, user: User) -> str:
        """A new address of a user's."""
        address = self.new_address()
        self.with_password(user, "/account/3pid/add", self.validated("account/3pid", address))
        return address


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input" and values.get("name"):
            self.found[str(values["name"])] = values.get("value") or ""
