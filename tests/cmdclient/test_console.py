"""The console at a terminal."""

from __future__ import annotations

import secrets
import sys
import tempfile
import unittest
from pathlib import Path

import pexpect

from tests.cmdclient.server_fixture import cli_environment, run_cli, server_url
from tests.cmdclient.terminal import DELETE, HOME, RIGHT, Terminal

PASSWORD = "correct horse battery"


class ConsoleTest(unittest.TestCase):
    def setUp(self) -> None:
        self.url = server_url()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        suffix = secrets.token_hex(4)
        self.alice, self.bob_name, self.alias = f"alice-{suffix}", f"bob-{suffix}", f"#tea-{suffix}"
        arguments = ["-m", "cmdclient", "--homeserver", self.url]
        environment = cli_environment(self.directory / "alice.json")
        self.console = pexpect.spawn(
            sys.executable, arguments, env=environment, encoding="utf-8", timeout=30, dimensions=(50, 200)
        )
        self.addCleanup(self.console.close, force=True)
        self.console.expect_exact("(not logged in)> ")

    def say(self, line: str, *expected: str) -> None:
        """Type a line and wait for each of the texts, then for the prompt."""
        self.console.sendline(line)
        for text in expected:
            self.console.expect_exact(text)
        self.console.expect(r"(@alice\S*|\(not logged in\))> ")

    def register_alice(self) -> None:
        self.console.sendline(f"register {self.alice}")
        for question in ("New password", "The same again"):
            self.console.expect(f"{question}.*: ")
            self.console.sendline(PASSWORD)
        self.console.expect(r"Registered and logged in as @alice\S+ on device \S+\.")
        self.console.expect(r"@alice\S+> ")

    def bob(self, *arguments: str) -> None:
        done = run_cli(self.directory / "bob.json", "--homeserver", self.url, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_password_is_neither_echoed_nor_kept(self) -> None:
        self.console.logfile_read = (self.directory / "screen").open("w+", encoding="utf-8")
        self.addCleanup(self.console.logfile_read.close)
        self.register_alice()
        self.say("logout", "Logged out")
        self.say(f"login {self.alice} '{PASSWORD}'", "Logged in as")
        self.console.sendline("quit")
        self.console.expect(pexpect.EOF)
        history = (self.directory / "cli_history").read_text()
        self.assertNotIn(PASSWORD, history)
        self.assertIn("logout", history)
        screen = (self.directory / "screen").read_text().partition("Logged out")[0]
        self.assertNotIn(PASSWORD, screen)

    def test_the_exchanges_are_shown(self) -> None:
        self.register_alice()
        self.say("show on", "Exchanges are shown.")
        self.say("whoami", "--> GET /_matrix/client/v3/account/whoami", "Bearer ****", "<-- 200 OK", '"user_id"')
        self.say("show off", "Exchanges are not shown.")

    def test_errors_leave_the_console_running(self) -> None:
        self.say("whoami", "error: Nobody is logged in")
        self.say("sned", "error: There is no command 'sned'. Did you mean send?")
        self.register_alice()
        self.say("raw GET /_matrix/client/v3/nothing", '"errcode": "M_UNRECOGNIZED"', "error: M_UNRECOGNIZED (404)")
        self.console.sendintr()
        self.console.expect(r"@alice\S+> ")

    def test_the_stream_in_the_background(self) -> None:
        self.register_alice()
        self.say(f"create {self.alias} Tea room public", "Created !")
        self.say("stream on", "The stream is on.")
        self.console.send("half a li")
        self.bob("register", self.bob_name, PASSWORD)
        self.bob("join", self.alias)
        self.console.expect(r"\[Tea room\] @bob\S+ \* joined")
        self.bob("send", "tea", "hello from bob")
        self.console.expect(r"\[Tea room\] @bob\S+: hello from bob")
        self.console.expect(r"@alice\S+> half a li")
        self.console.sendcontrol("u")
        self.say("stream off", "The stream is off.")

    def test_a_long_line_stays_whole_when_a_message_arrives(self) -> None:
        """The line takes several rows of the screen and the cursor is within it; typing goes on there."""
        self.register_alice()
        self.say(f"create {self.alias} Tea room public", "Created !")
        terminal = Terminal(self.url, self.directory / "alice.json", columns=80)
        self.addCleanup(terminal.close)
        terminal.say("stream on", "The stream is on.")
        typed = "send tea " + " ".join(f"{number:04}" for number in range(40)) + " 部屋"
        terminal.press(f"\r{typed}{HOME}")

        def is_at_the_beginning() -> bool:
            row, column = terminal.cursor
            return row[column:].startswith("send tea 0000") and "屋" in terminal.text

        terminal.wait_until(is_at_the_beginning, "the line with the cursor at its beginning")
        self.bob("register", self.bob_name, PASSWORD)
        self.bob("join", self.alias)
        self.bob("send", "tea", "hello from bob")
        terminal.wait_for("hello from bob")
        terminal.wait_until(is_at_the_beginning, "the line drawn again")
        self.assertEqual(terminal.text.count("0003"), 1, terminal.text)
        terminal.press(f"{DELETE * 4}s{RIGHT}X")
        terminal.wait_for("> s Xtea 0000")

    def test_ctrl_d_ends_the_console_and_its_line(self) -> None:
        self.console.sendeof()
        self.console.expect(pexpect.EOF)
        self.assertTrue(self.console.before.endswith("\r\n"), self.console.before)
        self.assertEqual(self.console.wait(), 0)

    def test_the_stream_in_the_foreground_ends_with_ctrl_c(self) -> None:
        self.register_alice()
        self.say("create Den", "Created !")
        self.console.sendline("stream")
        self.console.expect_exact("New events, until Ctrl-C:")
        with self.assertRaises(pexpect.TIMEOUT):
            self.console.expect(r"@alice\S+> ", timeout=1)
        self.console.sendintr()
        self.console.expect(r"@alice\S+> ")
        self.say("send den still here", "Sent $")

    def test_completion_of_commands_and_rooms(self) -> None:
        self.register_alice()
        self.say(f"create {self.alias} Tea room", "Created !")
        self.say("list", "Tea room")
        self.console.send("whoa\t\n")
        self.console.expect(r"on device")
        self.console.send("topic #te\t\n")
        self.console.expect_exact("The room has no topic.")
