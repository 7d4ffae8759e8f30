"""Writes mails: text and HTML of the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from jinja2 import Environment, PackageLoader, select_autoescape


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. `link`: (what it is for, its address)."""

    subject: str
    paragraphs: Sequence[str]
    link: tuple[str, str] | None = None


class Writer:
    """Makes messages. `sender`: the `From` field."""

    def __init__(self, app_name: str, sender: str, server_name: str) -> None:
        self._environment = Environment(
            loader=PackageLoader("homeserver.slices.mail"),
            autoescape=select_autoescape(["html"]),
            keep_trailing_newline=True,
        )
        self._app_name = app_name
        self._sender = sender
        self._server_name = server_name

    def write(self, address: str, letter: Letter) -> EmailMessage:
        """A message. Raises ValueError for an address with line ends."""
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = address
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._server_name.partition(":")[0])
        # So that nobody's holiday notice comes back.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self._rendered("mail.txt", letter))
        message.add_alternative(self._rendered("mail.html", letter), subtype="html")
        return message

    def _rendered(self, template: str, letter: Letter) -> str:
        return self._environment.get_template(template).render(
            subject=letter.subject,
            paragraphs=letter.paragraphs,
            link=letter.link,
            app_name=self._app_name,
            server_name=self._server_name,
        )
