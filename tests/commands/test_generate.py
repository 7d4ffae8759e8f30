"""`python -m homeserver --generate-config`."""

from __future__ import annotations

import contextlib
import io
import os
import ssl
import tempfile
import unittest
from pathlib import Path

from cryptography import x509

from homeserver.__main__ import main
from homeserver.config import load
from homeserver.config.signing_keys import load_signing_keys


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = int(ended.code or 0)
    return status, out.getvalue(), err.getvalue()


class GenerateTest(unittest.TestCase):
    """A first configuration that starts as it is."""

    def setUp(self) -> None:
        """Work in an empty folder, as the README's reader does."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(folder.name)
        self.folder = Path(folder.name).resolve()

    def generate(self, name: str = "my.example", *more: str) -> str:
        """What it printed."""
        status, out, err = run(
            "--server-name", name, "-c", "homeserver.yaml", "--generate-config", "--report-stats=no", *more
        )
        self.assertEqual((status, err), (0, ""))
        return out

    def test_it_writes_a_configuration_that_is_good(self) -> None:
        """All files are there, and nothing in them gives an error or a warning."""
        self.generate()

        self.assertEqual(
            sorted(each.name for each in self.folder.iterdir()),
            [
                "homeserver.yaml",
                "my.example.log.config",
                "my.example.signing.key",
                "my.example.tls.crt",
                "my.example.tls.key",
            ],
        )
        config = load(["homeserver.yaml"])
        self.assertEqual(config.server.server_name, "my.example")
        self.assertEqual(config.warnings, ())
        self.assertFalse(config.accounts.registration.is_enabled)
        self.assertGreater(len(config.accounts.registration.shared_secret or ""), 30)
        self.assertEqual(len(load_signing_keys(config.keys.signing_key_path)), 1)
        self.assertEqual(Path("homeserver.yaml").stat().st_mode & 0o077, 0)

    def test_the_certificate_belongs_to_its_key(self) -> None:
        """TLS can be served with them."""
        self.generate()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("my.example.tls.crt", "my.example.tls.key")

        certificate = x509.load_pem_x509_certificate(Path("my.example.tls.crt").read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertEqual(names.get_values_for_type(x509.DNSName), ["my.example", "localhost"])

    def test_nothing_is_overwritten(self) -> None:
        """A second time keeps every byte."""
        self.generate()
        before = {each.name: each.read_bytes() for each in self.folder.iterdir()}

        self.assertNotIn("wrote", self.generate())
        self.assertEqual({each.name: each.read_bytes() for each in self.folder.iterdir()}, before)

    def test_what_is_missing_is_added(self) -> None:
        """Say, after the log configuration was deleted."""
        self.generate()
        Path("my.example.log.config").unlink()

        self.assertIn(f"wrote {self.folder}/my.example.log.config", self.generate())

    def test_folders(self) -> None:
        """Data and keys may go elsewhere; the folders are made."""
        self.generate("my.example", "--data-directory", "data", "--config-directory", "keys")

        config = load(["homeserver.yaml"])
        self.assertEqual(config.database.path, str(self.folder / "data" / "homeserver.db"))
        self.assertEqual(config.keys.signing_key_path, self.folder / "keys" / "my.example.signing.key")

    def test_names_with_ports_and_addresses(self) -> None:
        """Every server name that the specification allows."""
        for name in ("localhost:8448", "192.0.2.1", "[2001:db8::1]:8448"):
            with self.subTest(name):
                Path("homeserver.yaml").unlink(missing_ok=True)
                self.generate(name)
                self.assertEqual(load(["homeserver.yaml"]).server.server_name, name)

    def test_what_it_needs_to_know(self) -> None:
        """The name, and about statistics; neither can be guessed."""
        for arguments, expected in (
            (["--generate-config", "-c", "a.yaml", "--report-stats=no"], "--server-name"),
            (["--generate-config", "-c", "a.yaml", "--server-name", "a.example"], "--report-stats"),
            (["--generate-config", "-c", "a.yaml", "--server-name", "a b", "--report-stats=no"], "found 'a b'"),
            ([], "-c homeserver.yaml"),
        ):
            with self.subTest(expected):
                status, _, err = run(*arguments)
                self.assertEqual(status, 2)
                self.assertIn(expected, err)
                self.assertEqual(list(self.folder.iterdir()), [])

    def test_keys_alone(self) -> None:
        """For a configuration written by hand."""
        Path("hand.yaml").write_text("server_name: hand.example\n", encoding="utf-8")

        self.assertIn("wrote", run("-c", "hand.yaml", "--generate-keys")[1])
        self.assertIn("kept", run("-c", "hand.yaml", "--generate-keys")[1])
        self.assertEqual(len(load_signing_keys(self.folder / "hand.example.signing.key")), 1)

    def test_a_wrong_configuration_is_told_in_one_line_each(self) -> None:
        """No traceback."""
        Path("bad.yaml").write_text("server_name: bad.example\nbcrypt_round: 4\n", encoding="utf-8")

        self.assertEqual(
            run("-c", "bad.yaml"),
            (2, "", "homeserver: bcrypt_round: no such key; the nearest known key is 'bcrypt_rounds'\n"),
        )
