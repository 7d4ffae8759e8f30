"""A start that cannot be: through the executable, each ends with one sentence that says what to do."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_CONFIG = """
server_name: my.example
listeners:
  - {{port: {port}, resources: [{{names: [client, federation]}}]}}
  - {{port: 0, tls: true, resources: [{{names: [federation]}}]}}
signing_key_path: signing.key
tls_certificate_path: tls.crt
tls_private_key_path: tls.key
database: {{name: sqlite3, args: {{database: homeserver.db}}}}
media_store_path: media
trusted_key_servers: []
"""


class BadStartTest(unittest.TestCase):
    """A folder with a configuration that would start."""

    def setUp(self) -> None:
        """Make it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.configure()
        self.run_module("homeserver.commands.set_up", "--directory", ".", "--server-name", "my.example")
        (self.folder / "installation.yaml").unlink()

    def configure(self, port: int = 0, name: str = "my.example") -> None:
        """Write the configuration."""
        text = _CONFIG.format(port=port).replace("my.example", name)
        (self.folder / "homeserver.yaml").write_text(text, encoding="utf-8")

    def command(self, module: str, *arguments: str) -> list[str]:
        """The command line of a module."""
        return [sys.executable, "-m", module, *arguments]

    def run_module(self, module: str, *arguments: str) -> tuple[int, str]:
        """Exit status and standard error."""
        done = subprocess.run(
            self.command(module, *arguments),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stderr

    def check_refused(self, status: int, sentence: str) -> None:
        """Serving ends with this status, and the last it says is this sentence; no traceback."""
        found, told = self.run_module("homeserver", "-c", "homeserver.yaml")
        self.assertEqual((found, told.splitlines()[-1]), (status, f"homeserver: {sentence}"))
        self.assertNotIn("Traceback", told)

    def check_serves(self) -> None:
        """It starts after all, until it is ended by a signal."""
        address = str(self.folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waiting:
            (self.folder / "notify").unlink(missing_ok=True)
            waiting.bind(address)
            waiting.settimeout(60)
            process = subprocess.Popen(
                self.command("homeserver", "-c", "homeserver.yaml"),
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "NOTIFY_SOCKET": address},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                self.assertEqual(waiting.recv(64), b"READY=1")
            finally:
                process.terminate()
                self.assertEqual(process.wait(60), 0)

    def test_it_tells_systemd_that_it_serves(self) -> None:
        """So that what depends on the server starts when it answers."""
        self.check_serves()

    def test_a_server_name_that_is_none(self) -> None:
        """Of the configuration."""
        self.configure(name="my example")
        allowed = "a server name: a DNS name or an IP address, with or without :port"
        self.check_refused(2, f"server_name: found 'my example'; allowed is {allowed}")

    def test_a_port_in_use(self) -> None:
        """By another program."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.configure(port)
            self.check_refused(
                1, f"listeners: 127.0.0.1:{port} is in use; end the program that listens there, or give another port"
            )
        self.check_serves()

    def test_certificates_that_cannot_be_used(self) -> None:
        """Missing, not one, or of another key."""
        path = self.folder / "tls.crt"
        good = path.read_bytes()
        shown = repr(str(path))
        path.unlink()
        self.check_refused(
            2, f"tls_certificate_path: found {shown}, which is not there; allowed is the path of a PEM file"
        )
        path.write_bytes(b"no certificate")
        self.check_refused(1, f"tls_certificate_path: found no certificate in PEM in {shown}")
        path.write_bytes(good)
        key = self.folder / "tls.key"
        key.rename(self.folder / "old.key")
        path.unlink()
        self.run_module("homeserver.commands.set_up", "--directory", ".", "--server-name", "my.example")
        path.write_bytes(good)
        (self.folder / "installation.yaml").unlink()
        self.check_refused(1, f"tls_private_key_path: {str(key)!r} is not the key of the certificate")

    def test_keys_that_others_can_read(self) -> None:
        """The signing key, and the certificate's."""
        signing, tls = self.folder / "signing.key", self.folder / "tls.key"
        signing.chmod(0o644)
        problem = f"{str(signing)!r} can be read by everybody on this machine; take that from them: chmod o= {signing}"
        self.check_refused(1, f"signing_key_path: {problem}")
        signing.chmod(0o640)
        tls.chmod(0o604)
        problem = f"found {str(tls)!r}, which everybody on this machine can read"
        allowed = f"a file for its owner and group alone (chmod o= {tls})"
        self.check_refused(2, f"tls_private_key_path: {problem}; allowed is {allowed}")
        tls.chmod(0o640)
        self.check_serves()

    def test_a_database_of_a_later_version(self) -> None:
        """It is left as it is."""
        self.check_serves()
        path = self.folder / "homeserver.db"
        self.sql(path, "UPDATE schema_versions SET version = 1000 WHERE name = 'users'")
        problem = "the table users in the database was made by a later version of Hearth"
        self.check_refused(1, f"{problem}; install that version again, or restore a backup of before it")
        self.assertEqual(self.sql(path, "SELECT version FROM schema_versions WHERE name = 'users'"), [(1000,)])

    def test_a_database_that_cannot_be_opened(self) -> None:
        """A folder where the file should be stands for whatever keeps it from being opened."""
        (self.folder / "homeserver.db").mkdir()
        path = self.folder / "homeserver.db"
        self.check_refused(
            1,
            f"database: {path}: unable to open database file; the file and its folder have to belong to the user that"
            " runs the server",
        )

    def test_a_file_that_an_interrupted_writing_left(self) -> None:
        """Files appear whole or not at all: many at once that write one key leave one good key."""
        path = self.folder / "signing.key"
        path.unlink()
        commands = [
            threading.Thread(target=self.run_module, args=("homeserver", "-c", "homeserver.yaml", "--generate-keys"))
            for _ in range(3)
        ]
        for each in commands:
            each.start()
        for each in commands:
            each.join()
        self.assertEqual([one.name for one in self.folder.iterdir() if one.name.startswith(".")], [])
        self.check_serves()

    def sql(self, path: Path, statement: str) -> list[tuple[object, ...]]:
        """The rows of one statement on a database that nobody has open."""
        connection = sqlite3.connect(path)
        try:
            with connection:
                return connection.execute(statement).fetchall()
        finally:
            connection.close()
