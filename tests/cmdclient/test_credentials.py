from __future__ import annotations

import stat
import tempfile
import unittest
from pathlib import Path

from cmdclient.credentials import DEFAULT_HOMESERVER, CredentialFile, Login, default_path
from cmdclient.errors import CommandError

ONE, OTHER = "https://one.test", "https://other.test"
ALICE = Login("@alice:one.test", "DEVICE", "s3cret")


class Credentials(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name) / "new" / "cli.json"

    def mode(self) -> int:
        return stat.S_IMODE(self.path.stat().st_mode)

    def test_logins_are_kept_by_homeserver(self) -> None:
        file = CredentialFile(self.path)
        file.put_login(ONE, ALICE)
        file.put_login(OTHER, Login("@bob:other.test", "D2", "t2"))
        file.drop_login(OTHER)
        again = CredentialFile(self.path)
        self.assertEqual(again.find_login(ONE), ALICE)
        self.assertIsNone(again.find_login(OTHER))
        self.assertEqual(again.homeserver, OTHER)

    def test_only_the_owner_can_read_it(self) -> None:
        CredentialFile(self.path).put_login(ONE, ALICE)
        self.assertEqual(self.mode(), 0o600)
        self.path.chmod(0o644)
        CredentialFile(self.path)
        self.assertEqual(self.mode(), 0o600)
        self.assertEqual([found.name for found in self.path.parent.iterdir()], ["cli.json"])

    def test_the_token_is_in_no_representation(self) -> None:
        self.assertNotIn("s3cret", repr(ALICE))

    def test_no_file_yet(self) -> None:
        self.assertEqual(CredentialFile(self.path).homeserver, DEFAULT_HOMESERVER)

    def test_a_broken_file_is_said_to_be_broken(self) -> None:
        self.path.parent.mkdir()
        for content, sentence in (("{", "is not JSON"), ("[]", "is not a file of hearth-cli")):
            self.path.write_text(content)
            with self.assertRaisesRegex(CommandError, sentence):
                CredentialFile(self.path)

    def test_where_it_is(self) -> None:
        self.assertEqual(default_path({"HEARTH_CLI_CONFIG": "/x/y"}), Path("/x/y"))
        self.assertEqual(default_path({"XDG_CONFIG_HOME": "/xdg"}), Path("/xdg/hearth/cli.json"))
        self.assertEqual(default_path({}), Path.home() / ".config/hearth/cli.json")
