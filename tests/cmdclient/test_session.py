"""A long session at two servers that federate, with every command, and the same from scripts of a shell."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from PIL import Image

from cmdclient.commands import COMMANDS
from tests.cmdclient.server_fixture import ROOT, cli_environment
from tests.cmdclient.terminal import CTRL_C, Terminal
from tests.support.running_servers import RunningServer, running_servers

PASSWORD = "correct horse battery"
#: Commands of this session that others test: mail needs a mail server, a browser login one that offers it.
ELSEWHERE = {"emailrequest", "emailvalidate", "3pidbind", "password", "verify", "knock", "stream"}


class LongSession(unittest.TestCase):
    """Alice and Bob, each with an account on a server of their own."""

    servers: list[RunningServer]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.servers = cls.enterClassContext(running_servers(2))

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-cli-test-")))
        self.used: set[str] = set()

    def open_console(self, name: str, number: int) -> Terminal:
        console = Terminal(self.servers[number].url, self.folder / name / "cli.json", columns=220)
        self.addCleanup(console.close)
        return console

    def test_every_command(self) -> None:
        """More than forty commands in one console, some answered by what Bob sees and does in his."""
        alice, bob = self.open_console("alice", 0), self.open_console("bob", 1)
        alice_id, bob_id = f"@alice:{self.servers[0].name}", f"@bob:{self.servers[1].name}"
        alias = f"#tea:{self.servers[0].name}"

        def say(line: str, *expected: str, at: Terminal = alice) -> None:
            self.used.add(line.split()[0])
            at.say(line, *expected)

        say(f"register alice '{PASSWORD}'", f"logged in as {alice_id}")
        bob.say(f"register bob '{PASSWORD}'", f"logged in as {bob_id}")
        say("config", "homeserver", alice_id)
        say("displayname Alice in Wonderland", "Your display name is now Alice in Wonderland")
        say("profile", '"displayname": "Alice in Wonderland"')
        say("create #tea Tea room public", "Created !")
        say(f"invite tea {bob_id}", f"Invited {bob_id}")
        say(f"joinalias {alias}", "Joined !", at=bob)
        alice.wait_for(f"[Tea room] {bob_id} * joined")
        say("members tea", alice_id, bob_id)
        say("send tea **Welcome** to tea", "Sent $")
        bob.wait_for("Welcome to tea")
        say("reply . ^ Thank you", "Sent $", at=bob)
        alice.wait_for("↪ Thank you")
        say("react tea ^ 🫖", "Sent $")
        say("thread tea ^ Milk?", "Sent $")
        say("edit tea ^ Milk or lemon?", "Sent $")
        say("me tea pours", "Sent $")
        bob.wait_for(f"{alice_id} * pours")
        say("redact tea ^ spilled", "Redacted $")
        say("messages tea 3", "(redacted)")
        say("history tea 1")
        say("open tea 2", "redacted")
        say("topic . Green or black?", "The topic is now: Green or black?")
        say("name . Tea house", "The name is now: Tea house")
        say("state . m.room.topic", "Green or black?")
        say("state", "Usage: state ROOM [TYPE] [STATE_KEY] [JSON...]")
        say(f"power . {bob_id} 50", f"{bob_id} has power level 50 now.")
        say("read .", "Read up to $")
        say("receipts .", alice_id)
        say("typing . 3", "You are shown as typing.")
        say("search Welcome", "Welcome")
        say("tags . add m.favourite 0.5", "Tagged as m.favourite")
        say('accountdata org.example.colour {"favourite": "green"}', "Set org.example.colour")
        say("accountdata org.example.colour", '"favourite": "green"')
        say("pushrules mute .", "Muted")
        say(f"alias {alias}", "!", self.servers[0].name)
        say("presence online reading", "You are online now.")
        say("directory bob", bob_id)
        say("devices", "hearth-cli")
        say("keys", "this device")
        say("3pids", "The account has no address")
        (self.folder / "leaf.png").write_bytes(_png())
        say(f"upload . {self.folder / 'leaf.png'}", "with mxc://")
        event_id = re.search(r"Sent (\$\S+) with", alice.text)
        assert event_id is not None
        say(f"download . {event_id[1]} {self.folder / 'copy.png'}", "▀", "Saved")
        self.assertEqual((self.folder / "copy.png").read_bytes(), _png())
        say(f"avatar {self.folder / 'leaf.png'}", "Your avatar is now mxc://")
        say(f"event {event_id[1]}", "content hash: right", "authorised by:", "m.room.power_levels")
        say("raw GET account/whoami", f'"user_id": "{alice_id}"')
        say("show", "Exchanges are not shown.")
        say("rooms", "Tea house")
        say("list public", alias)
        say(f"kick . {bob_id} closing time", f"Removed {bob_id}")
        bob.wait_for(f"{bob_id} was removed (closing time)")
        say(f"ban . {bob_id}", f"Banned {bob_id}")
        say(f"unban . {bob_id}", f"No longer banned: {bob_id}")
        say("upgrade . 11", "The room goes on as !")
        say("create Den", "Created !")
        say("encrypt .", "What is said from now on is encrypted.")
        say("send . a secret", "Sent $")
        say("messages . 1", ": a secret")
        say("leave .", "Left")
        say("forget .", "Forgot !")
        say("help send", "send ROOM TEXT...")
        say(f"tail {alias}", "New events, until Ctrl-C:")
        alice.press(CTRL_C)
        say(f"join {alias}", "Joined !")
        say("accounts", alice_id)
        say("switch alice", f"You are {alice_id} now.")
        say("whoami", alice_id)
        say("logout", "Logged out")
        say(f"login alice '{PASSWORD}'", f"Logged in as {alice_id}")
        alice.press("quit\r")
        self.assertEqual(alice.wait_for_end(), 0)
        self.assertEqual(set(COMMANDS) - self.used - ELSEWHERE - {"quit"}, set())

    def test_a_script_of_a_shell(self) -> None:
        """Registers, makes a room, sends a file and reads it back: JSON for programs, and exit statuses."""
        script = """
            set -eu
            cli() { "$PYTHON" -m cmdclient --json --homeserver "$URL" "$@"; }
            field() { "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
            cli register scripted "$PASSWORD" > registered.json
            room=$(cli create Scripted | field room_id)
            echo 'from standard input' | cli send "$room" - | field event_id
            printf 'some bytes' > sent.txt
            event=$(cli upload "$room" sent.txt | field event_id)
            cli download "$room" "$event" received.txt | field size
            cmp sent.txt received.txt
            cli messages "$room" 2 > messages.json
            status=0; cli download "$room" "$event" received.txt 2> refused.txt || status=$?
            [ "$status" = 1 ]
            status=0; cli nothing-like-this 2> /dev/null || status=$?
            [ "$status" = 2 ]
        """
        environment = cli_environment(self.folder / "cli.json")
        environment |= {"URL": self.servers[0].url, "PASSWORD": PASSWORD, "PYTHON": sys.executable}
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        self.assertIn("is there already; name another file", (self.folder / "refused.txt").read_text())
        said, sent = json.loads((self.folder / "messages.json").read_text())
        self.assertEqual((said["content"]["body"], sent["content"]["body"]), ("from standard input", "sent.txt"))

    def test_completion_in_bash(self) -> None:
        script = f"""
            source <("{sys.executable}" -m cmdclient --completion bash)
            COMP_WORDS=(hearth-cli --homeserver http://x jo); COMP_CWORD=3; _hearth_cli; echo "${{COMPREPLY[@]}}"
        """
        done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(done.stdout.split(), ["join", "joinalias"])


class Encrypted(unittest.TestCase):
    """Two people on two servers in an encrypted room."""

    servers: list[RunningServer]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.servers = cls.enterClassContext(running_servers(2))

    def test_messages_files_and_verification(self) -> None:
        """What they write reaches the other, and not the server; then each verifies the other's device by emoji."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-cli-test-")))
        consoles, ids, devices = [], [], []
        for name, server in zip(("alice", "bob"), self.servers, strict=True):
            console = Terminal(server.url, folder / name / "cli.json", columns=160)
            self.addCleanup(console.close)
            ids.append(f"@{name}:{server.name}")
            console.say(f"register {name} '{PASSWORD}'", f"logged in as {ids[-1]} on device")
            found = re.search(r"on device (\w+)\.", console.text)
            assert found is not None
            devices.append(found[1])
            console.wait_for("streaming")
            consoles.append(console)
        alice, bob = consoles
        alice.say("create Secret den", "Created !")
        room = re.search(r"Created (!\S+)", alice.text)
        assert room is not None
        alice.say("encrypt .", "What is said from now on is encrypted.")
        alice.say(f"invite . {ids[1]}", "Invited")
        bob.wait_for("was invited")
        bob.say("join secret", "Joined !")
        alice.wait_for(f"{ids[1]} * joined")
        alice.say("send . can you read this", "Sent $")
        bob.wait_for(f"{ids[0]}: can you read this")
        bob.say("reply . ^ yes", "Sent $")
        alice.wait_for(f"{ids[1]}: ↪ yes")
        alice.say(f"raw GET rooms/{room[1]}/messages?dir=b&limit=2", '"type": "m.room.encrypted"')
        self.assertNotIn("can you read this", alice.text)

        alice.say(f"verify {ids[1]} {devices[1]}", "Waiting for")
        bob.say("verify", devices[0])
        bob.say("verify alice:" + self.servers[0].name, "Does the other device show the same?")
        alice.wait_for("Does the other device show the same?")
        # What a question is about is on the screen before it.
        self.assertEqual(_emoji(alice.text), _emoji(bob.text))
        self.assertEqual(len(_emoji(alice.text)), 7)
        for console in consoles:
            console.press("yes\r")
        alice.wait_for(f"{devices[1]} of {ids[1]} is verified.")
        bob.wait_for(f"{devices[0]} of {ids[0]} is verified.")
        alice.say(f"keys {ids[1]}", "verified")


def _png() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), (20, 140, 60)).save(content, "PNG")
    return content.getvalue()


def _emoji(text: str) -> list[str]:
    """The names of the emoji on a screen."""
    return re.findall(r"^    ([A-Z][A-Za-z ]*[a-z])  ", text, re.MULTILINE)
