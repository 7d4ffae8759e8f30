"""Three people, each with the web client of another server: what one does, the others see on their pages."""

from __future__ import annotations

import unittest
from typing import ClassVar

from tests.browser.chromium import console_errors, is_of_protocol, kept_in, requested_urls, running_chromium
from tests.browser.person import Person
from tests.browser.servers import web_servers
from tests.support.running_servers import RunningServer


class ThreeServersTest(unittest.TestCase):
    """Ann, Bob and Cleo. Each test makes its own room."""

    servers: ClassVar[list[RunningServer]]
    ann: ClassVar[Person]
    bob: ClassVar[Person]
    cleo: ClassVar[Person]

    @classmethod
    def setUpClass(cls) -> None:
        """Everybody registers."""
        cls.servers = cls.enterClassContext(web_servers(3))
        cls.ann, cls.bob, cls.cleo = (
            Person(name, server, cls.enterClassContext(running_chromium()))
            for name, server in zip(("ann", "bob", "cleo"), cls.servers, strict=True)
        )
        for person in (cls.ann, cls.bob, cls.cleo):
            person.register()
            person.page.take_picture("registered")

    @property
    def everybody(self) -> tuple[Person, Person, Person]:
        """All three."""
        return self.ann, self.bob, self.cleo

    def tearDown(self) -> None:
        """However it went: pictures; and no page may have complained, or asked anybody but its own server."""
        for person, server in zip(self.everybody, self.servers, strict=True):
            person.page.take_picture(self._testMethodName)
            with self.subTest(person=person.name):
                self.assertEqual([each for each in console_errors(person.page.browser) if not is_of_protocol(each)], [])
                foreign = [url for url in requested_urls(person.page.browser) if not url.startswith(f"{server.url}/")]
                self.assertEqual(foreign, [])

    def meet(self, name: str, localpart: str) -> None:
        """Ann makes a room, the others join by its alias; each has seen all three in the member list."""
        self.ann.create_room(name, localpart)
        for person in (self.bob, self.cleo):
            person.join(f"#{localpart}:{self.servers[0].name}", name)
        for person in self.everybody:
            person.wait_for_members(*self.everybody)

    def test_messages_in_a_room_that_two_join_by_alias(self) -> None:
        """Everybody sees what everybody says, in the same order, under the right name; also after a reload."""
        self.meet("Town square", "square")

        for person in self.everybody:
            person.say(f"Hello from {person.name}")
            for reader in self.everybody:
                reader.page.wait_for_text("message-body", f"Hello from {person.name}")
        self.cleo.page.browser.refresh()
        self.cleo.page.wait_for_text("message-body", "Hello from cleo")

        names = [person.name for person in self.everybody]
        for reader in self.everybody:
            self.assertEqual(reader.page.texts("message-body"), [f"Hello from {name}" for name in names])
            self.assertEqual(reader.page.texts("message-sender"), names)

    def test_typing_is_seen_until_the_message_is_there(self) -> None:
        """On both other servers, and by the name of who types."""
        self.meet("Reading room", "reading")

        self.bob.write("Well")
        for reader in (self.ann, self.cleo):
            self.write_until_seen(self.bob, reader)
            reader.page.take_picture("typing")
        self.bob.say(" then.")

        for reader in (self.ann, self.cleo):
            reader.page.wait_for_text("message-body", " then.")
            reader.page.wait_for_nothing("typing")

    def write_until_seen(self, writer: Person, reader: Person) -> None:
        """The notice ends when the writer pauses, so the writer goes on until the reader has seen it."""

        def is_seen_after_a_key() -> bool:
            writer.write(".")
            return f"{writer.name} is typing…" in reader.page.texts("typing")

        reader.page.wait_for(is_seen_after_a_key, lambda: f"to see {writer.name} typing")

    def test_an_invite_accepted_and_one_declined(self) -> None:
        """Who accepts reads what was said before; who declines is told of no room."""
        self.ann.create_room("Secret plans")
        self.ann.say("Are we alone?")

        for guest in (self.bob, self.cleo):
            self.ann.invite(guest.user_id)
            guest.page.wait_for_text("invite-room-name", "Secret plans")
            guest.page.take_picture("invited")
        self.cleo.page.click("invite-decline")
        self.ann.page.wait_for_text("notice", "declined the invite")
        self.cleo.page.wait_for_nothing("invite")
        self.bob.page.click("invite-accept")

        self.bob.page.wait_for_text("message-body", "Are we alone?")
        self.bob.say("We are.")
        self.ann.page.wait_for_text("message-body", "We are.")
        for person in (self.ann, self.bob):
            person.wait_for_members(self.ann, self.bob)
        self.assertNotIn("Secret plans", self.cleo.page.texts("room-link-name"))

    def test_who_leaves_is_gone_from_the_room_and_the_room_from_the_list(self) -> None:
        """The others are told, and talk on."""
        self.meet("Waiting room", "waiting")

        self.bob.leave()

        for reader in (self.ann, self.cleo):
            reader.page.wait_for_text("notice", "bob left")
            reader.wait_for_members(self.ann, self.cleo)
        self.assertNotIn("Waiting room", self.bob.page.texts("room-link-name"))
        self.cleo.say("He is gone")
        self.ann.page.wait_for_text("message-body", "He is gone")

    def test_logged_out_and_in_again(self) -> None:
        """Who has an encrypted room and no recovery key is warned. The browser keeps nothing of the account; the server
        has the rooms."""
        self.ann.create_room("Secret diary")
        self.ann.create_room("Diary", "diary")
        self.ann.say("Dear diary")

        self.ann.page.click("log-out")
        self.ann.page.click("log-out-anyway")
        self.ann.page.find("login-form")
        self.assertEqual(kept_in(self.ann.page.browser), [{}, {}, "", []])
        self.ann.log_in()

        self.ann.open_room("Diary")
        self.ann.page.wait_for_text("message-body", "Dear diary")
