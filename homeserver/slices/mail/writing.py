"""Writes mails: text and HTML of the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate, make_msgid

from jinja2 import Environment, PackageLoader, select_autoescape


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. `link`: (what it is for, its address)."""

    subject: str
    paragraphs: Sequence[str]
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A mail that needs nothing but an envelope. `headers`: beside the usual ones."""

    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


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
        text, html = self._rendered("mail.txt", letter), self._rendered("mail.html", letter)
        return self.wrap(address, Written(letter.subject, text, html))

    def wrap(self, address: str, written: Written) -> EmailMessage:
        """The same of what was written elsewhere."""
        # A link in a field must stay whole, which by default it does not.
        message = EmailMessage(EmailPolicy(max_line_length=900))
        message["From"] = self._sender
        message["To"] = address
        message["Subject"] = written.subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._server_name.partition(":")[0])
        # So that nobody's holiday notice comes back.
        message["Auto-Submitted"] = "auto-generated"
        for name, value in written.headers.items():
            message[name] = value
        message.set_content(written.text)
        message.add_alternative(written.html, subtype="html")
        return message

    def _rendered(self, template: str, letter: Letter) -> str:
        return self._environment.get_template(template).render(
            subject=letter.subject,
            paragraphs=letter.paragraphs,
            link=letter.link,
            app_name=self._app_name,
            server_name=self._server_name,
        )
