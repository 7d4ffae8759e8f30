"""Encrypted rooms and the keys to them, on the pages of people with several sessions, on two servers."""

from __future__ import annotations

import unittest
from contextlib import ExitStack
from typing import ClassVar

from selenium.webdriver import Chrome

from tests.browser.chromium import console_errors, is_of_protocol, running_chromium
from tests.browser.person import Person
from tests.browser.servers import web_servers
from tests.support.running_servers import RunningServer


class EncryptionTest(unittest.TestCase):
    """Ann and Bob have an encrypted room across two servers, and recovery keys."""

    servers: ClassVar[list[RunningServer]]
    ann: ClassVar[Person]
    bob: ClassVar[Person]
    ann_key: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        """They register, set up their keys, and have said something."""
        cls.servers = cls.enterClassContext(web_servers(2))
        cls.ann, cls.bob = (
            Person(name, server, cls.enterClassContext(running_chromium()))
            for name, server in zip(("ann", "bob"), cls.servers, strict=True)
        )
        for person in (cls.ann, cls.bob):
            person.register()
        cls.ann_key = cls.ann.set_up_encryption()
        cls.bob.set_up_encryption()
        cls.ann.create_room("Secret garden")
        cls.ann.invite(cls.bob.user_id)
        cls.bob.page.wait_for_text("invite-room-name", "Secret garden")
        cls.bob.page.click("invite-accept")
        cls.bob.page.wait_for_text("room-name", "Secret garden")
        cls.ann.wait_for_members(cls.ann, cls.bob)
        cls.ann.say("Between us")

    def setUp(self) -> None:
        self.stack = self.enterContext(ExitStack())

    def tearDown(self) -> None:
        """However it went: pictures, and no complaints."""
        for person in (self.ann, self.bob):
            person.page.take_picture(self._testMethodName)
            errors = [each for each in console_errors(person.page.browser) if not is_of_protocol(each)]
            self.assertEqual(errors, [])

    def another_session(self, of: Person, position: int) -> Person:
        """The same person, logged in on another browser."""
        browser: Chrome = self.stack.enter_context(running_chromium())
        session = Person(of.name, self.servers[position], browser)
        session.log_in_afresh()
        return session

    def test_both_read_what_the_other_says(self) -> None:
        """And after a reload, from keys that the browser keeps; the server has nothing but ciphertext."""
        self.bob.page.wait_for_text("message-body", "Between us")
        self.bob.say("And nobody else")
        self.ann.page.wait_for_text("message-body", "And nobody else")

        self.ann.page.browser.refresh()

        self.ann.page.wait_for_text("message-body", "And nobody else")
        self.ann.page.wait_for_nothing("encryption-notice")

    def test_a_second_session_reads_older_messages_with_the_recovery_key(self) -> None:
        """Before that it says why it cannot; a wrong key is refused, and can be corrected."""
        second = self.another_session(self.ann, 0)
        page = second.page
        second.open_room("Secret garden")
        page.wait_for_text("message-body", "Verify this session to read it.")
        page.take_picture("undecryptable")
        page.click("encryption-notice-open")
        page.click("verify-with-key")
        page.fill("unlock-key", "EsTc 1234")
        page.click("unlock-submit")
        page.wait_for_text("unlock-error", "recovery key")

        page.fill("unlock-key", self.ann_key)
        page.click("unlock-submit")
        page.click("unlocked-done")

        page.wait_for_nothing("encryption-notice")
        page.wait_for_text("message-body", "Between us")

    def test_a_second_session_is_verified_by_emoji(self) -> None:
        """The first one gives it the keys to read what was said before."""
        second = self.another_session(self.bob, 1)
        second.open_room("Secret garden")
        second.page.click("encryption-notice-open")
        second.page.click("verify-with-session")
        self.bob.page.click("verification-accept")

        second.compare_emoji_with(self.bob.page)

        second.page.wait_for_nothing("encryption-notice")
        second.page.wait_for_text("message-body", "Between us")

    def test_two_people_verify_each_other(self) -> None:
        """In their direct chat, which is made for it; each is shown to the other as verified afterwards."""
        self.ann.open_profile(self.bob)
        self.ann.page.wait_for_values("profile-trust", "trust", ["unverified"])
        self.ann.page.click("profile-verify")
        self.bob.page.wait_for_texts("invite-room-name")
        self.bob.page.click("invite-accept")
        self.bob.page.click("verification-accept")

        self.ann.compare_emoji_with(self.bob.page)

        self.ann.open_room("Secret garden")
        self.ann.open_profile(self.bob)
        self.ann.page.wait_for_values("profile-trust", "trust", ["verified"])
        self.ann.page.take_picture("profile")
        self.ann.page.click("profile-close")
