"""The web client and the command-line client in one encrypted room, across two servers."""

from __future__ import annotations

import re
import tempfile
import unittest
from pathlib import Path
from typing import ClassVar

from tests.browser.chromium import running_chromium
from tests.browser.person import Person
from tests.browser.servers import web_servers
from tests.cmdclient.terminal import Terminal
from tests.support.running_servers import RunningServer

_PASSWORD = "correct horse battery"


class WithCommandLineTest(unittest.TestCase):
    """Alice is at a console, Bob at a page."""

    servers: ClassVar[list[RunningServer]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.servers = cls.enterClassContext(web_servers(2))

    def test_they_read_each_other(self) -> None:
        """In a room whose messages the servers cannot read."""
        bob = Person("bob", self.servers[1], self.enterContext(running_chromium()))
        bob.register()
        bob.set_up_encryption()
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-cli-test-")))
        alice = Terminal(self.servers[0].url, folder / "cli.json", columns=160)
        self.addCleanup(alice.close)
        alice.say(f"register alice '{_PASSWORD}'", f"logged in as @alice:{self.servers[0].name}")
        alice.wait_for("streaming")
        alice.say("create Secret den", "Created !")
        room = re.search(r"Created (!\S+)", alice.text)
        assert room is not None
        alice.say("encrypt .", "What is said from now on is encrypted.")
        alice.say(f"invite . {bob.user_id}", "Invited")
        bob.page.wait_for_text("invite-room-name", "Secret den")
        bob.page.click("invite-accept")
        bob.page.wait_for_text("room-name", "Secret den")
        alice.wait_for(f"{bob.user_id} * joined")

        alice.say("send . can you read this", "Sent $")
        bob.page.wait_for_text("message-body", "can you read this")
        bob.say("word for word")
        alice.wait_for(f"{bob.user_id}: word for word")

        alice.say(f"raw GET rooms/{room[1]}/messages?dir=b&limit=2", '"type": "m.room.encrypted"')
        self.assertNotIn("word for word", alice.text)
