"""`python -m homeserver.commands.set_up`: what a package's installation writes."""

from __future__ import annotations

import contextlib
import io
import ssl
import stat
import tempfile
import unittest
from pathlib import Path

from homeserver.commands.set_up import main
from homeserver.config import load
from homeserver.config.signing_keys import load_signing_keys

#: What the package brings beside it, as far as this is about.
_PACKAGED = """
signing_key_path: {folder}/signing.key
tls_certificate_path: {folder}/tls.crt
tls_private_key_path: {folder}/tls.key
registration_shared_secret_path: {folder}/registration_shared_secret
listeners: [{{port: 8448, tls: true, resources: [{{names: [federation]}}]}}]
"""


class SetUpTest(unittest.TestCase):
    """A folder as a package leaves it before the first configuration."""

    def setUp(self) -> None:
        """Make it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "homeserver.yaml").write_text(_PACKAGED.format(folder=folder.name), encoding="utf-8")
        self.answers = self.folder / "installation.yaml"

    def set_up(self, name: str = "my.example", *more: str) -> tuple[int, str]:
        """Exit status, and what it said."""
        told = io.StringIO()
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            status = main(["--directory", str(self.folder), "--server-name", name, *more])
        return status, told.getvalue()

    def contents(self) -> dict[str, bytes]:
        """All files."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def test_the_folder_is_a_good_configuration(self) -> None:
        """With keys that only their owner can read, and a certificate that belongs to its key."""
        self.assertEqual(self.set_up()[0], 0)

        loaded = load([str(self.folder)])
        self.assertEqual(loaded.server.server_name, "my.example")
        self.assertEqual(len(load_signing_keys(loaded.keys.signing_key_path)), 1)
        self.assertGreaterEqual(len(loaded.accounts.registration.shared_secret or ""), 32)
        ssl.create_default_context().load_cert_chain(self.folder / "tls.crt", self.folder / "tls.key")
        for name in ("installation.yaml", "signing.key", "tls.key", "registration_shared_secret"):
            self.assertEqual(stat.S_IMODE((self.folder / name).stat().st_mode), 0o600, name)

    def test_the_answers_about_registration_mean_what_they_say(self) -> None:
        """Closed, with a token, open; and back again."""
        for answer, expected in (
            ("open", (True, True, False)),
            ("token", (True, False, True)),
            ("closed", (False, False, False)),
        ):
            with self.subTest(answer):
                self.assertEqual(self.set_up("my.example", "--registration", answer)[0], 0)
                found = load([str(self.folder)]).accounts.registration
                self.assertEqual((found.is_enabled, found.is_open, found.requires_token), expected)

    def test_a_second_time_changes_nothing(self) -> None:
        """Not a byte, and says nothing."""
        self.set_up()
        before = self.contents()

        self.assertEqual(self.set_up(), (0, ""))
        self.assertEqual(self.contents(), before)

    def test_what_the_operator_wrote_stays(self) -> None:
        """Another answer changes its own line alone."""
        self.set_up()
        text = self.answers.read_text(encoding="utf-8")
        self.answers.write_text(f"# Mine.\n{text}admin_contact: mailto:me@my.example\n", encoding="utf-8")

        self.set_up("my.example", "--report-stats", "yes")

        expected = text.replace("report_stats: false", "report_stats: true")
        self.assertEqual(
            self.answers.read_text(encoding="utf-8"), f"# Mine.\n{expected}admin_contact: mailto:me@my.example\n"
        )

    def test_what_an_interrupted_run_left_is_completed(self) -> None:
        """Whichever file is missing."""
        self.set_up()
        complete = self.contents()
        for name in ("installation.yaml", "signing.key", "tls.crt", "registration_shared_secret"):
            with self.subTest(name):
                (self.folder / name).unlink()
                self.assertEqual(self.set_up(), (0, f"wrote {self.folder / name}\n"))
                self.assertEqual(sorted(self.contents()), sorted(complete))
                ssl.create_default_context().load_cert_chain(self.folder / "tls.crt", self.folder / "tls.key")

    def test_a_name_that_is_none_writes_nothing(self) -> None:
        """One sentence, with what is allowed."""
        before = self.contents()

        for name in ("", "my example", "https://my.example", "my.example/", "my.example:port"):
            with self.subTest(name):
                status, told = self.set_up(name)
                self.assertEqual(status, 2)
                self.assertEqual(
                    told,
                    f"hearth: {name!r} is not a server name; allowed is a DNS name or an IP address, with or without"
                    " :port, such as example.org\n",
                )
                self.assertEqual(self.contents(), before)

    def test_a_group_that_is_none_is_named(self) -> None:
        """Where root sets up a server of another user."""
        status, told = self.set_up("my.example", "--group", "no-such-group-here")

        if (self.folder / "signing.key").stat().st_gid == 0:
            self.assertEqual(
                (status, told.splitlines()[-1]), (2, "hearth: --group: there is no group 'no-such-group-here'")
            )
