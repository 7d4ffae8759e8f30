"""hearth-cli as a program: one command, or a list of commands, and its exit status."""

from __future__ import annotations

import json
import secrets
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.cmdclient.server_fixture import run_cli, server_url

PASSWORD = "correct horse battery"


class WithoutServer(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.config = Path(directory.name) / "cli.json"

    def test_usage_errors_end_with_2(self) -> None:
        for words in (["sned"], ["send"], ["help", "nothing"], ["raw", "GET", "/x", "{"], ["login", "alice"]):
            with self.subTest(words):
                done = run_cli(self.config, *words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertTrue(done.stderr.startswith("hearth-cli: "))

    def test_nobody_is_logged_in(self) -> None:
        done = run_cli(self.config, "whoami")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Log in: login USER", done.stderr)

    def test_lines_of_standard_input(self) -> None:
        lines = "# a comment\n\nhelp quit\nsned\nconfig\n"
        stopped = run_cli(self.config, "--json", typed=lines)
        self.assertEqual((stopped.returncode, len(stopped.stdout.splitlines())), (2, 1))
        kept_on = run_cli(self.config, "--json", "--keep-going", typed=lines)
        self.assertEqual((kept_on.returncode, len(kept_on.stdout.splitlines())), (2, 2))
        self.assertEqual(run_cli(self.config, typed="quit\nsned\n").returncode, 0)


class WithServer(unittest.TestCase):
    def setUp(self) -> None:
        self.url = server_url()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        suffix = secrets.token_hex(4)
        self.alice, self.bob, self.alias = f"alice-{suffix}", f"bob-{suffix}", f"#tea-{suffix}"

    def run_as(self, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_cli(self.directory / f"{user}.json", "--homeserver", self.url, *arguments)

    def good(self, user: str, *arguments: str) -> str:
        done = self.run_as(user, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def json(self, user: str, *arguments: str) -> dict[str, str]:
        answer: dict[str, str] = json.loads(self.good(user, "--json", *arguments))
        return answer

    def test_two_people_talk(self) -> None:
        alice_id = self.json(self.alice, "register", self.alice, PASSWORD)["user_id"]
        bob_id = self.json(self.bob, "register", self.bob, PASSWORD)["user_id"]
        room_id = self.json(self.alice, "create", self.alias, "Tea", "room", "public")["room_id"]
        self.assertEqual(self.json(self.bob, "join", self.alias)["room_id"], room_id)
        self.good(self.alice, "topic", "tea room", "Green", "or black")
        self.assertEqual(self.json(self.bob, "topic", "tea")["topic"], "Green or black")
        self.good(self.bob, "send", "tea", "hello  there")
        self.assertIn(f"{bob_id}: hello  there", self.good(self.alice, "messages", room_id, "1"))
        listed = self.good(self.alice, "list")
        self.assertIn("Tea room  2 members", listed)
        self.assertIn(bob_id, self.good(self.alice, "list", "members", "tea"))
        self.good(self.alice, "ban", "tea", self.bob, "too", "loud")
        refused = self.run_as(self.bob, "send", room_id, "hello?")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("M_FORBIDDEN (403)", refused.stderr)
        self.assertEqual(self.json(self.alice, "whoami")["user_id"], alice_id)

    def test_an_invitation(self) -> None:
        self.good(self.alice, "register", self.alice, PASSWORD)
        self.good(self.bob, "register", self.bob, PASSWORD)
        self.good(self.alice, "create", "Den")
        self.good(self.alice, "invite", "den", self.bob)
        self.assertIn("invited", self.good(self.bob, "list"))
        self.good(self.bob, "join", "den")
        self.good(self.bob, "leave", "den")
        self.assertEqual(self.good(self.bob, "stream", "1"), "")
        self.good(self.bob, "displayname", "Bob", "B.")
        self.assertEqual(self.good(self.bob, "displayname"), "Bob B.\n")

    def test_the_end_of_a_login(self) -> None:
        self.good(self.alice, "register", self.alice, PASSWORD)
        token = json.loads((self.directory / f"{self.alice}.json").read_text())["logins"][self.url][0]["access_token"]
        self.good(self.alice, "show", "on")
        shown = self.run_as(self.alice, "raw", "GET", "account/whoami")
        self.assertIn("--> GET /_matrix/client/v3/account/whoami", shown.stderr)
        self.assertNotIn(token, shown.stderr + shown.stdout)
        self.assertEqual(self.run_as(self.alice, "logout").returncode, 0)
        wrong = self.run_as(self.alice, "login", self.alice, "wrong")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("Try again", wrong.stderr)
        again = self.run_as(self.alice, "login", self.alice, PASSWORD)
        self.assertEqual(again.returncode, 0)
        self.assertNotIn(PASSWORD, again.stderr)
