"""Sends mail by SMTP: each in a thread of its own, few at a time."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from email.message import EmailMessage
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred, DeferredSemaphore

from homeserver.config.services import EmailConfig
from homeserver.slices.mail.writing import Letter, Writer, Written

logger = logging.getLogger(__name__)

_TIMEOUT_S = 20
_AT_A_TIME = 4


class MailFailed(Exception):
    """A mail was not taken by the mail server. The text is fit for a log."""


class Mailer:
    """Sends mails. `tls`: whom to trust; by default the system's authorities, and names are checked."""

    def __init__(self, config: EmailConfig, server_name: str, reactor: Any, tls: ssl.SSLContext | None = None) -> None:
        self._config = config
        self._reactor = reactor
        self._tls = tls or ssl.create_default_context()
        host = server_name.partition(":")[0]
        sender = (config.notif_from or f"%(app)s <noreply@{host}>").replace("%(app)s", config.app_name)
        self._host = host
        self._writer = Writer(config.app_name, sender, server_name)
        self._slots = DeferredSemaphore(_AT_A_TIME)

    async def send(
        self, address: str, subject: str, paragraphs: Sequence[str], link: tuple[str, str] | None = None
    ) -> None:
        """Send a mail, and wait until the mail server has taken it. `link`: (what it is for, its address).

        Raises `MailFailed`.
        """
        await self._send(self._writer.write(address, Letter(subject, paragraphs, link)))

    async def send_written(self, address: str, written: Written) -> None:
        """Send a mail that somebody else has written. Raises `MailFailed`."""
        await self._send(self._writer.wrap(address, written))

    async def _send(self, message: EmailMessage) -> None:
        await self._slots.acquire()
        try:
            await self._in_thread(lambda: self._deliver(message))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # The error of a refused recipient holds the address: the log says less.
            logger.warning("a mail could not be sent by %s: %s", self._config.smtp_host, type(error).__name__)
            raise MailFailed(f"the mail server did not take the mail: {type(error).__name__}") from error
        finally:
            self._slots.release()

    def _deliver(self, message: EmailMessage) -> None:
        with closing(self._connect()) as smtp:
            self._secure(smtp)
            if self._config.smtp_user is not None:
                smtp.login(self._config.smtp_user, self._config.smtp_pass or "")
            smtp.send_message(message)
            # The mail has been taken, however the server says goodbye.
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()

    def _connect(self) -> smtplib.SMTP:
        config = self._config
        if config.force_tls:
            return smtplib.SMTP_SSL(
                config.smtp_host, config.smtp_port, self._host, timeout=_TIMEOUT_S, context=self._tls
            )
        return smtplib.SMTP(config.smtp_host, config.smtp_port, self._host, timeout=_TIMEOUT_S)

    def _secure(self, smtp: smtplib.SMTP) -> None:
        """STARTTLS where the server offers it; raises where it has to and does not."""
        is_wanted = self._config.enable_tls or self._config.require_transport_security
        if self._config.force_tls or not is_wanted:
            return
        smtp.ehlo_or_helo_if_needed()
        if self._config.require_transport_security or smtp.has_extn("starttls"):
            smtp.starttls(context=self._tls)

    def _in_thread(self, work: Callable[[], None]) -> Deferred[None]:
        # Not a pool's: nobody has to wait for these threads when the server ends.
        done: Deferred[None] = Deferred()

        def run() -> None:
            try:
                work()
            except Exception as error:
                self._reactor.callFromThread(_fail, done, error)
            else:
                self._reactor.callFromThread(_succeed, done)

        Thread(target=run, name="mail", daemon=True).start()
        return done


def _succeed(done: Deferred[None]) -> None:
    if not done.called:
        done.callback(None)


def _fail(done: Deferred[None], error: Exception) -> None:
    if not done.called:
        done.errback(error)
