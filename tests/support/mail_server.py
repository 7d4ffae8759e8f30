"""A mail server on loopback that keeps what it is sent: real SMTP, with STARTTLS, TLS and passwords where wanted."""

from __future__ import annotations

import re
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.mail.smtp import (
    ESMTP,
    IMessage,
    IMessageDelivery,
    LOGINCredentials,
    SMTPBadRcpt,
    SMTPFactory,
)
from zope.interface import implementer  # type: ignore[import-untyped]

from tests.support.api_client import PATIENCE_S
from tests.support.own_reactor import run

_LINK = re.compile(r"https?://\S+")


class MailServer:
    """Listens at `port`. `tls`: a context factory for STARTTLS, or for TLS from the start with `is_tls_only`.
    `password`: asked of `user`. `refused`: addresses for which no mail is taken. `is_rude`: QUIT is an
    error."""

    def __init__(
        self,
        *,
        tls: Any = None,
        is_tls_only: bool = False,
        password: str | None = None,
        refused: tuple[str, ...] = (),
        is_rude: bool = False,
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.refused = refused
        self.is_rude = is_rude
        self.was_encrypted: list[bool] = []
        self.senders: list[bytes | None] = []
        self._factory = _Factory(self, None if is_tls_only else tls, password)
        self._tls = tls if is_tls_only else None
        self._listening: Any = None
        self.port = 0

    def start(self) -> MailServer:
        """Listen at a free port."""

        async def listen() -> None:
            loop: Any = reactor
            if self._tls is not None:
                self._listening = loop.listenSSL(0, self._factory, self._tls, interface="127.0.0.1")
            else:
                self._listening = loop.listenTCP(0, self._factory, interface="127.0.0.1")

        run(listen())
        self.port = self._listening.getHost().port
        return self

    def close(self) -> None:
        """Listen no more."""

        async def close() -> None:
            await maybeDeferred(self._listening.stopListening)

        run(close())

    def mails_to(self, address: str) -> list[EmailMessage]:
        """What was sent to an address, oldest first."""
        return [mail for mail in self.mails if mail["To"] == address]

    def get_mail(self, address: str, number: int = 1) -> EmailMessage:
        """The mail of this number to an address; waits for it."""
        end = time.monotonic() + PATIENCE_S
        while len(self.mails_to(address)) < number:
            if time.monotonic() > end:
                raise AssertionError(f"no mail to {address}")
            time.sleep(0.01)
        return self.mails_to(address)[number - 1]


def text_of(mail: EmailMessage) -> str:
    """The plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text


def html_of(mail: EmailMessage) -> str:
    """The HTML."""
    part = mail.get_body(("html",))
    assert part is not None
    text: str = part.get_content()
    return text


def link_in(mail: EmailMessage) -> str:
    """The one link in the plain text."""
    (link,) = _LINK.findall(text_of(mail))
    return str(link)


@implementer(IMessage)
class _Incoming:
    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._lines: list[bytes] = []

    def lineReceived(self, line: bytes) -> None:
        self._lines.append(line)

    def eomReceived(self) -> Deferred[None]:
        mail = message_from_bytes(b"\r\n".join(self._lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self._server.mails.append(mail)
        return succeed(None)

    def connectionLost(self) -> None:
        self._lines = []


@implementer(IMessageDelivery)
class _Delivery:
    def __init__(self, server: MailServer, user: bytes | None = None) -> None:
        self._server = server
        self._user = user
        self.protocol: Any = None

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return b"Received: from the tests"

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        self._server.senders.append(self._user)
        return origin

    def validateTo(self, user: Any) -> Any:
        if str(user.dest) in self._server.refused:
            raise SMTPBadRcpt(user)  # type: ignore[no-untyped-call]
        return lambda: _Incoming(self._server)


@implementer(IRealm)
class _Realm:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    def requestAvatar(self, avatar_id: Any, mind: Any, *interfaces: Any) -> Any:
        return IMessageDelivery, _Delivery(self._server, avatar_id), lambda: None


class _Protocol(ESMTP):
    def do_MAIL(self, rest: bytes) -> Any:
        server: MailServer = self.factory.server
        server.was_encrypted.append(bool(self.startedTLS) or hasattr(self.transport, "getPeerCertificate"))
        return ESMTP.do_MAIL(self, rest)  # type: ignore[no-untyped-call]

    def do_QUIT(self, rest: bytes) -> Any:
        server: MailServer = self.factory.server
        if not server.is_rude:
            return ESMTP.do_QUIT(self, rest)  # type: ignore[no-untyped-call]
        self.sendCode(500, b"Never heard of it")  # type: ignore[no-untyped-call]
        return None


class _Factory(SMTPFactory):
    protocol = _Protocol

    def __init__(self, server: MailServer, tls: Any, password: str | None) -> None:
        SMTPFactory.__init__(self)  # type: ignore[no-untyped-call]
        self.server = server
        self._tls = tls
        self._password = password

    def buildProtocol(self, addr: Any) -> Any:
        protocol: Any = SMTPFactory.buildProtocol(self, addr)  # type: ignore[no-untyped-call]
        protocol.ctx = self._tls
        if self._password is None:
            protocol.delivery = _Delivery(self.server)
        else:
            realm: Any = _Realm(self.server)
            checker: Any = InMemoryUsernamePasswordDatabaseDontUse(hearth=self._password.encode())
            protocol.portal = Portal(realm, [checker])
            protocol.challengers = {b"LOGIN": LOGINCredentials}
        return protocol
