"""Mails about what was missed: over real SMTP."""

from __future__ import annotations

import time
from email.message import EmailMessage
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from tests.slices.threepids.email_case import EmailCase
from tests.support.api_client import PATIENCE_S, Json
from tests.support.databases import on_postgres

DELAY_S = 0.6


class MailsTest(EmailCase):
    """Alice writes; Bob reads his mail."""

    email: ClassVar[dict[str, Any]] = {
        "enable_notifs": True,
        "notif_delay_before_mail": int(DELAY_S * 1000),
        "app_name": "Hearth",
    }

    def setUp(self) -> None:
        self.alice = self.new_user("alice")
        self.address = self.new_address()
        name = self.address.partition("@")[0] + "-" + self.engine
        auth = {"type": "m.login.email.identity", "threepid_creds": self.validated("register", self.address)}
        self.bob = self.server.register(name, auth=auth)
        self.room = self.alice.create_room(preset="public_chat", name="The <b>den</b>")
        self.bob.join(self.room)

    def digests(self, count: int) -> list[EmailMessage]:
        """Wait until so many mails about messages have come."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = [mail for mail in self.mail.mails_to(self.address) if "You have" in mail["Subject"]]
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no {count} mails came")

    def none_come(self) -> None:
        """Check that none does."""
        time.sleep(DELAY_S + 0.7)
        found = [mail for mail in self.mail.mails_to(self.address) if "You have" in mail["Subject"]]
        self.assertEqual(found, [])

    def pushers(self) -> list[Json]:
        """Bob's."""
        found: list[Json] = self.bob.get("/pushers")["pushers"]
        return found

    def test_what_was_missed_comes_in_one_mail(self) -> None:
        """Text and HTML of the same, with links to it, and one that ends the mails."""
        event_id = self.alice.send(self.room, "hello\r\nBcc: all@example.org <script>")
        self.alice.send(self.room, "are you there?")
        mail = self.digests(1)[0]
        text, html = (part.get_content() for part in mail.iter_parts())

        self.assertEqual(mail["Subject"], "[Hearth] You have 2 messages in The <b>den</b>")
        for part in (text, html):
            self.assertIn("are you there?", part)
            self.assertIn(event_id, part)
            self.assertIn(self.alice.localpart, part)
        self.assertIn("<script>", text)
        self.assertNotIn("<script>", html)
        self.assertIsNone(mail["Bcc"])
        self.assertEqual(mail["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")

        link = urlsplit(str(mail["List-Unsubscribe"]).strip("<>"))
        query = dict(parse_qsl(link.query))
        self.assertEqual(self.server.request("GET", link.path, query=query).status, 200)
        self.assertEqual(len(self.pushers()), 1)
        self.assertEqual(
            self.server.request("POST", link.path, query=query, raw=b"List-Unsubscribe=One-Click").status, 200
        )
        self.assertEqual(self.pushers(), [])
        self.assertEqual(self.server.request("POST", link.path, query=query, raw=b"").status, 404)

    def test_what_is_read_in_time_is_not_mailed(self) -> None:
        """Nobody needs to be told twice."""
        event_id = self.alice.send(self.room, "hello")
        self.bob.post(f"/rooms/{self.room}/receipt/m.read/{event_id}", {})

        self.none_come()

    def test_a_second_mail_does_not_follow_at_once(self) -> None:
        """However much there is to tell."""
        self.alice.send(self.room, "one")
        self.digests(1)
        self.alice.send(self.room, "two")
        time.sleep(DELAY_S + 0.7)

        self.assertEqual(len(self.digests(1)), 1)

    def test_clients_end_and_begin_them(self) -> None:
        """For addresses of the account alone."""
        self.assertEqual([(one["kind"], one["app_id"]) for one in self.pushers()], [("email", "m.email")])
        body = {
            "kind": "email",
            "app_id": "m.email",
            "pushkey": self.address,
            "app_display_name": "Email Notifications",
            "device_display_name": self.address,
            "lang": "en",
            "data": {"brand": "Element"},
            "append": True,
        }
        self.bob.post("/pushers/set", {**body, "kind": None})
        self.assertEqual(self.pushers(), [])
        self.bob.post("/pushers/set", body)
        self.assertEqual(len(self.pushers()), 1)
        other = {**body, "pushkey": "somebody.else@example.org"}
        self.assertEqual(self.bob.refusal("POST", "/pushers/set", other), (400, "M_THREEPID_NOT_FOUND"))
        self.bob.post("/account/3pid/delete", {"medium": "email", "address": self.address})

        self.assertEqual(self.pushers(), [])


MailsTestOnPostgres = on_postgres(MailsTest)
