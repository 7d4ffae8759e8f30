"""The console at a terminal."""

from __future__ import annotations

import secrets
import tempfile
import unittest
from pathlib import Path

from tests.cmdclient.server_fixture import run_cli, server_url
from tests.cmdclient.terminal import ALT_ENTER, CTRL_C, CTRL_D, CTRL_U, DELETE, HOME, RIGHT, Terminal

PASSWORD = "correct horse battery"


class ConsoleTest(unittest.TestCase):
    def setUp(self) -> None:
        self.url = server_url()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        suffix = secrets.token_hex(4)
        self.alice, self.bob_name, self.alias = f"alice-{suffix}", f"bob-{suffix}", f"#tea-{suffix}"
        self.console = self.open_console()

    def open_console(self, columns: int = 160) -> Terminal:
        console = Terminal(self.url, self.directory / "alice.json", columns)
        self.addCleanup(console.close)
        return console

    def register_alice(self) -> None:
        self.console.press(f"register {self.alice}\r")
        for question in ("New password", "The same again"):
            self.console.wait_for(question)
            self.console.press(f"{PASSWORD}\r")
        self.console.wait_for(f"Registered and logged in as @{self.alice}")
        self.console.wait_for("streaming")

    def bob(self, *arguments: str) -> None:
        done = run_cli(self.directory / "bob.json", "--homeserver", self.url, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_password_is_neither_shown_nor_kept(self) -> None:
        self.register_alice()
        self.assertNotIn(PASSWORD, self.console.text)
        self.console.say("logout", "Logged out")
        self.console.say(f"login {self.alice} '{PASSWORD}'", "Logged in as")
        self.console.press("quit\r")
        self.assertEqual(self.console.wait_for_end(), 0)
        history = (self.directory / "cli_history").read_text()
        self.assertNotIn(PASSWORD, history)
        self.assertIn("logout", history)

    def test_the_exchanges_are_shown(self) -> None:
        self.register_alice()
        self.console.say("show on", "Exchanges are shown.")
        self.console.say(
            "whoami", "--> GET /_matrix/client/v3/account/whoami", "Bearer ****", "<-- 200 OK", '"user_id"'
        )
        self.console.say("show curl", "Exchanges are shown as commands of curl.")
        self.console.say("whoami", 'curl -X GET -H "Authorization: Bearer $TOKEN" http', "# 200 OK")
        self.console.say("show off", "Exchanges are not shown.")

    def test_errors_leave_the_console_running(self) -> None:
        self.console.say("whoami", "error: Nobody is logged in")
        self.console.say("sned", "error: There is no command 'sned'. Did you mean send")
        self.register_alice()
        self.console.say(
            "raw GET /_matrix/client/v3/nothing", '"errcode": "M_UNRECOGNIZED"', "error: M_UNRECOGNIZED (404)"
        )
        self.console.say("power", "error: Usage: power ROOM [USER] [LEVEL]")
        self.console.wait_for_prompt()
        self.console.press(f"never sent{CTRL_C}")
        self.console.say("whoami", "on device")

    def test_the_stream_in_the_background(self) -> None:
        """It runs from the login on; what is being typed stays as it is."""
        self.register_alice()
        self.console.say(f"create {self.alias} Tea room public", "Created !")
        self.console.wait_for_prompt()
        self.console.press("half a li")
        self.bob("register", self.bob_name, PASSWORD)
        self.bob("join", self.alias)
        self.console.wait_for(f"[Tea room] @{self.bob_name}:hearth.test * joined")
        self.bob("send", "tea", "hello from bob")
        self.console.wait_for(f"[Tea room] @{self.bob_name}:hearth.test: hello from bob")
        self.console.wait_for("> half a li")
        self.console.wait_for("1 unread")
        self.console.press(CTRL_U)
        self.console.say("stream off", "The stream is off.")
        self.console.wait_until(lambda: "streaming" not in self.console.text, "a status line without the stream")

    def test_a_long_line_stays_whole_when_a_message_arrives(self) -> None:
        """The line takes several rows of the screen and the cursor is within it; typing goes on there."""
        self.register_alice()
        self.console.say(f"create {self.alias} Tea room public", "Created !")
        terminal = self.open_console(columns=80)
        terminal.wait_for("streaming")
        typed = "send tea " + " ".join(f"{number:04}" for number in range(40)) + " 部屋"
        terminal.press(f"{typed}{HOME}")

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

    def test_a_message_of_several_lines(self) -> None:
        self.register_alice()
        self.console.say("create Den", "Created !")
        self.console.wait_for_prompt()
        self.console.press(f"send . first{ALT_ENTER}second\r")
        self.console.wait_for("Sent $")
        self.console.say("messages . 1", ": first", "    second")

    def test_ctrl_d_ends_the_console(self) -> None:
        self.console.press(CTRL_D)
        self.assertEqual(self.console.wait_for_end(), 0)

    def test_the_stream_in_the_foreground_ends_with_ctrl_c(self) -> None:
        self.register_alice()
        self.console.say("create Den", "Created !")
        self.console.say("tail den", "New events, until Ctrl-C:")
        self.console.press(CTRL_C)
        self.console.say("send den still here", "Sent $")

    def test_completion(self) -> None:
        """Of commands, rooms, members, and paths of the API."""
        self.register_alice()
        self.console.say(f"create {self.alias} Tea room", "Created !")
        self.console.say("members tea", "join")
        for typed, completed in (
            ("whoa\t", "whoami"),
            ("topic #te\t", f"topic {self.alias}:hearth.test"),
            (f"kick tea @{self.alice[:8]}\t", f"@{self.alice}:hearth.test"),
            ("raw POST user_dir\t", "user_directory/search"),
        ):
            with self.subTest(typed):
                self.console.wait_for_prompt()
                self.console.press(typed)
                self.console.wait_for(f"> {completed}" if " " not in typed else completed)
                self.console.press(CTRL_C)

    def test_two_accounts(self) -> None:
        self.register_alice()
        self.console.say(f"register {self.bob_name} '{PASSWORD}'", f"logged in as @{self.bob_name}")
        self.console.say("accounts", f"@{self.alice}:hearth.test", f"@{self.bob_name}:hearth.test")
        self.console.say(f"switch {self.alice}", f"You are @{self.alice}:hearth.test now.")
        self.console.say("whoami", f"@{self.alice}:hearth.test on device")
        self.console.say("logout", f"You are @{self.bob_name}:hearth.test now.")
