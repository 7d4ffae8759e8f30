"""Three people on three homeservers that federate, each at the console of hearth-cli."""

from __future__ import annotations

import re
import tempfile
import unittest
from pathlib import Path

from tests.cmdclient.terminal import CTRL_C, Terminal
from tests.support.running_servers import RunningServer, running_servers

PASSWORD = "correct horse battery"


class ThreeServers(unittest.TestCase):
    """Alice, Bob and Carol, each with an account on a server of their own."""

    servers: list[RunningServer]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.servers = cls.enterClassContext(running_servers(3))

    def setUp(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-cli-test-")))
        test = self.id().rpartition(".")[2]
        self.people: list[Terminal] = []
        self.ids: list[str] = []
        for name, server in zip(("alice", "bob", "carol"), self.servers, strict=True):
            console = Terminal(server.url, folder / name / "cli.json")
            self.addCleanup(console.close)
            user = f"{name}-{test[-8:].strip('_')}"
            user_id = f"@{user}:{server.name}"
            console.say(f"register {user} '{PASSWORD}'", f"Registered and logged in as {user_id}", f"{user_id}>")
            self.people.append(console)
            self.ids.append(user_id)

    def test_a_room_made_on_one_server_and_joined_by_alias_from_the_others(self) -> None:
        """All three write, and each sees what the others write in the stream, and in the same order later on."""
        alice, bob, carol = self.people
        alias = f"#tea:{self.servers[0].name}"
        alice.say("create #tea Tea room public", "Created !")
        alice.say("stream on", "The stream is on.")
        for console, user_id in ((bob, self.ids[1]), (carol, self.ids[2])):
            console.say(f"join {alias}", "Joined !")
            alice.wait_for(f"[Tea room] {user_id} * joined")
            console.say("stream on", "The stream is on.")
        for writer, user_id, text in zip(self.people, self.ids, ("from Älice", "from 鮑勃", "from 🥕"), strict=True):
            writer.say(f"send tea hello {text}", "Sent $")
            for reader in self.people:
                reader.wait_for(f"[Tea room] {user_id}: hello {text}")
        for console in self.people:
            console.say("stream off", "The stream is off.")
            console.say("list members tea", *self.ids)
            console.say("messages tea 3", f"{self.ids[2]}: hello")
            self.assertEqual(re.findall(r"hello from (\S+)", console.text), ["Älice", "鮑勃", "🥕"])

    def test_an_invitation_over_federation(self) -> None:
        """The invited see it in the stream and in the list, one joins, one refuses, who joined leaves again."""
        alice, bob, carol = self.people
        alice.say("create Private den", "Created !")
        alice.say("stream on", "The stream is on.")
        for console, user_id in ((bob, self.ids[1]), (carol, self.ids[2])):
            console.say("stream on", "The stream is on.")
            alice.say(f"invite den {user_id}", f"Invited {user_id}")
            console.wait_for(f"[Private den] {self.ids[0]} * {user_id} was invited")
            console.say("list", "Private den  invited")
        carol.say("leave den", "Left Private den")
        alice.wait_for(f"[Private den] {self.ids[2]} * left")
        bob.say("join den", "Joined !")
        alice.wait_for(f"[Private den] {self.ids[1]} * joined")
        bob.say("send den hello", f"[Private den] {self.ids[1]}: hello")
        alice.wait_for(f"[Private den] {self.ids[1]}: hello")
        bob.say("leave den", "Left Private den", f"[Private den] {self.ids[1]} * left")
        alice.wait_for(f"[Private den] {self.ids[1]} * left")
        bob.say("list", "You are in no rooms.")
        bob.say("join den", "error: No room of yours is called 'den'.")

    def test_topic_and_display_name_are_seen_on_the_other_servers(self) -> None:
        """A topic set on one server and a name changed on another reach everybody, as `raw` shows, too."""
        alice, bob, carol = self.people
        alice.say("create #garden Garden public", "Created !")
        bob.say(f"join #garden:{self.servers[0].name}", "Joined !")
        carol.say(f"join #garden:{self.servers[0].name}", "Joined !")
        for console in self.people:
            console.say("stream on", "The stream is on.")
        alice.say("topic garden Roses & more", "The topic is now: Roses & more")
        for console in (bob, carol):
            console.wait_for("* set the topic to 'Roses & more'")
            console.say("topic garden", "\nRoses & more")
        bob.say("topic garden Mine", "error: M_FORBIDDEN (403)")
        bob.say("displayname Bob the Builder", "Your display name is now Bob the Builder")
        for console in (alice, carol):
            console.wait_for(f"[Garden] {self.ids[1]} * is now called Bob the Builder")
            console.say(f"raw GET profile/{self.ids[1]}/displayname", '"displayname": "Bob the Builder"')
            console.say("list members garden", f"{self.ids[1]}  ")
            self.assertRegex(console.text, rf"{re.escape(self.ids[1])} +join +Bob the Builder")

    def test_raw_requests_and_all_that_goes_over_the_wire(self) -> None:
        """A room is made, written to and read from another server with nothing but `raw`; `show` has the JSON."""
        alice, bob, _ = self.people
        alice.say('raw POST createRoom {"preset": "public_chat", "room_alias_name": "raw"}', '"room_id": "!')
        bob.say(f"raw POST join/%23raw:{self.servers[0].name} {{}}", '"room_id": "!')
        room_id = re.findall(r'"room_id": "(!\S+)"', bob.text)[0]
        bob.say("stream", "New events, until Ctrl-C:")
        alice.say(f'raw PUT rooms/{room_id}/send/x.tea/1 {{"cups": 3}}', '"event_id": "$')
        bob.wait_for('* x.tea {"cups": 3}')
        bob.press(CTRL_C)
        bob.wait_for(f"{self.ids[1]}>")
        bob.say("show on", "Exchanges are shown.")
        bob.say(f"raw GET rooms/{room_id}/state/m.room.topic/", '"errcode": "M_NOT_FOUND"', "error: M_NOT_FOUND (404)")
        bob.wait_for(f"--> GET /_matrix/client/v3/rooms/{room_id}/state/m.room.topic/")
        bob.wait_for("<-- 404 Not Found")
        self.assertEqual(bob.text.count('"errcode"'), 1, "the answer stands there once")
