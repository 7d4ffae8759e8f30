"""Mails, as a mail server gets them."""

from __future__ import annotations

import ssl
import tempfile
import unittest
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.ssl import DefaultOpenSSLContextFactory

from homeserver.commands.certificates import write_authority, write_issued
from homeserver.config.services import EmailConfig
from homeserver.slices.mail.service import Mailer, MailFailed
from tests.support.mail_server import MailServer, html_of, link_in, text_of
from tests.support.own_reactor import run

ALICE = "alice@example.org"
PARAGRAPHS = ["Tom & Jerry <both>", "A second paragraph."]
LINK = ("Come in", "https://here.example/in?a=1&b=2")


class SendingTest(unittest.TestCase):
    """A mail server, and certificates for it."""

    folder: Path
    tls: ssl.SSLContext

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        authority = write_authority("Test authority", cls.folder / "ca.crt")
        write_issued(authority, ["localhost"], cls.folder / "tls.crt", cls.folder / "tls.key")
        write_issued(authority, ["elsewhere.example"], cls.folder / "other.crt", cls.folder / "other.key")
        cls.tls = ssl.create_default_context(cafile=str(cls.folder / "ca.crt"))

    def serve(self, certificate: str | None = None, **options: Any) -> MailServer:
        """A server that is closed after the test."""
        if certificate is not None:
            files = [str(self.folder / f"{certificate}.{kind}") for kind in ("key", "crt")]
            options["tls"] = DefaultOpenSSLContextFactory(*files)  # type: ignore[no-untyped-call]
        server = MailServer(**options).start()
        self.addCleanup(server.close)
        return server

    def send(self, server: MailServer, address: str = ALICE, **config: Any) -> None:
        """Send the one mail."""
        settings = EmailConfig(smtp_host="localhost", smtp_port=server.port, app_name="Nest", **config)
        mailer = Mailer(settings, "here.example:8448", reactor, self.tls)
        run(mailer.send(address, "Grüße", PARAGRAPHS, LINK))

    def assert_fails(self, server: MailServer, **config: Any) -> None:
        """No mail arrives, and the sender is told."""
        with self.assertRaises(MailFailed):
            self.send(server, **config)
        self.assertEqual(server.mails, [])

    def test_a_mail_arrives_as_text_and_as_html(self) -> None:
        """The same words, escaped where they have to be, and a link in both."""
        server = self.serve()

        self.send(server)

        (mail,) = server.mails
        self.assertEqual((mail["To"], mail["Subject"]), (ALICE, "Grüße"))
        self.assertEqual(mail["From"], "Nest <noreply@here.example>")
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertIn("Tom & Jerry <both>", text_of(mail))
        self.assertEqual(link_in(mail), LINK[1])
        self.assertIn("<p>Tom &amp; Jerry &lt;both&gt;</p>", html_of(mail))
        self.assertIn('href="https://here.example/in?a=1&amp;b=2"', html_of(mail))

    def test_the_sender_is_the_one_configured(self) -> None:
        """With the name of the app in its place."""
        server = self.serve()

        self.send(server, notif_from="Your %(app)s server <post@here.example>")

        self.assertEqual(server.mails[0]["From"], "Your Nest server <post@here.example>")

    def test_tls_is_used_where_the_server_offers_it(self) -> None:
        """STARTTLS, without anything in the configuration."""
        server = self.serve("tls")

        self.send(server)

        self.assertEqual(server.was_encrypted, [True])

    def test_tls_can_be_switched_off(self) -> None:
        """`enable_tls: false`."""
        server = self.serve("tls")

        self.send(server, enable_tls=False)

        self.assertEqual(server.was_encrypted, [False])

    def test_tls_from_the_start(self) -> None:
        """`force_tls: true`."""
        server = self.serve("tls", is_tls_only=True)

        self.send(server, force_tls=True)

        self.assertEqual(len(server.mails), 1)

    def test_no_mail_goes_out_in_clear_where_tls_is_required(self) -> None:
        """Of a server that does not offer it."""
        self.assert_fails(self.serve(), require_transport_security=True)

    def test_a_certificate_for_another_name_is_not_believed(self) -> None:
        """Neither after STARTTLS nor from the start."""
        self.assert_fails(self.serve("other"))
        self.assert_fails(self.serve("other", is_tls_only=True), force_tls=True)

    def test_a_user_and_a_password_are_shown_where_they_are_configured(self) -> None:
        """The right ones, and the wrong ones to no avail."""
        server = self.serve("tls", password="secret")

        self.assert_fails(server, smtp_user="hearth", smtp_pass="guess")
        self.send(server, smtp_user="hearth", smtp_pass="secret")

        self.assertEqual(server.senders, [b"hearth"])

    def test_a_mail_that_is_not_taken_is_told(self) -> None:
        """By a server that refuses the address, or that is not there."""
        server = self.serve(refused=(ALICE,))
        self.assert_fails(server)
        gone = MailServer().start()
        gone.close()
        with self.assertRaises(MailFailed):
            self.send(gone)

    def test_a_mail_that_was_taken_has_been_sent(self) -> None:
        """Even where the server answers QUIT in a way of its own."""
        server = self.serve(is_rude=True)

        self.send(server)

        self.assertEqual(len(server.mails), 1)

    def test_an_address_cannot_add_header_fields(self) -> None:
        """Line ends are no part of an address."""
        server = self.serve()

        with self.assertRaises((MailFailed, ValueError)):
            self.send(server, "alice@example.org\r\nBcc: eve@example.org")

        self.assertEqual(server.mails, [])
