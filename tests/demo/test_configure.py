"""What the demonstration's servers are given."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from homeserver.config import load
from homeserver.config.signing_keys import load_signing_keys

ROOT = Path(__file__).resolve().parent.parent.parent


class ConfigureTest(unittest.TestCase):
    """demo/configure.py."""

    def setUp(self) -> None:
        """An empty folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def configure(self, *arguments: str) -> None:
        """Run it."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(ROOT / "demo" / "configure.py"), str(self.folder), *arguments]
        subprocess.run(command, env=environment, check=True, timeout=60)

    def test_three_servers_that_know_each_other(self) -> None:
        """Good configurations, ports one after the other, certificates of one authority."""
        self.configure("--first", "9480", "--client-ports", "9080")

        for position in range(3):
            own = self.folder / str(9480 + position)
            config = load([str(own / "homeserver.yaml")])
            self.assertEqual(config.warnings, ())
            self.assertEqual(config.server.server_name, f"localhost:{9480 + position}")
            self.assertEqual([each.port for each in config.listeners], [9080 + position, 9480 + position])
            self.assertEqual(config.federation.custom_ca_files, (self.folder / "ca.crt",))
            self.assertEqual(len(load_signing_keys(config.keys.signing_key_path)), 1)
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(own / "tls.crt", own / "tls.key")

    def test_again(self) -> None:
        """Keys and certificates stay, settings follow the options."""
        self.configure("--first", "9480")
        kept = [self.folder / "ca.crt", self.folder / "registration_shared_secret"]
        kept += [self.folder / "9481" / name for name in ("tls.crt", "tls.key", "signing.key")]
        before = [each.read_bytes() for each in kept]
        self.configure("--first", "9480", "--no-rate-limit")

        self.assertEqual([each.read_bytes() for each in kept], before)
        limits = load([str(self.folder / "9481" / "homeserver.yaml")]).rate_limits.by_name
        self.assertEqual({each.burst_count for each in limits.values()}, {1_000_000})
