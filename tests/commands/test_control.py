"""A server in the background: `hearthctl` and `python -m homeserver -D`, from the first configuration to the end."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HEARTHCTL = ("homeserver.commands.control",)


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class ControlTest(unittest.TestCase):
    """Each on a generated configuration with other ports."""

    def setUp(self) -> None:
        """Generate it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.run_module(
            "homeserver", "-c", "homeserver.yaml", "--generate-config", "-H", "my.example", "--report-stats=no"
        )
        self.path = self.folder / "homeserver.yaml"
        self.port, tls_port = free_ports(2)
        text = self.path.read_text(encoding="utf-8").replace("0.0.0.0", "127.0.0.1")
        text = text.replace("port: 8008", f"port: {self.port}").replace("port: 8448", f"port: {tls_port}")
        self.path.write_text(text, encoding="utf-8")
        self.addCleanup(self.control, "stop")

    def run_module(self, module: str, *arguments: str) -> tuple[int, str]:
        """Exit status and all output of `python -m module`."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    def control(self, command: str) -> tuple[int, str]:
        """Exit status and output of `hearthctl`."""
        return self.run_module(*HEARTHCTL, command)

    def pid(self) -> int:
        """The server's process id."""
        return int((self.folder / "homeserver.pid").read_text(encoding="ascii"))

    def health(self) -> int:
        """The status of `GET /health`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/health")
        status = connection.getresponse().status
        connection.close()
        return status

    def test_a_life(self) -> None:
        """Start returns when the server serves; stop, when it ended."""
        self.assertEqual(self.control("status"), (3, "not running\n"))
        self.assertEqual(self.control("check-config"), (0, "the configuration of my.example is good\n"))
        status, told = self.control("start")
        self.assertEqual((status, told), (0, f"started as process {self.pid()}\n"))
        self.assertEqual(self.health(), 200)
        self.assertEqual(self.control("start"), (0, f"already running as process {self.pid()}\n"))
        first = self.pid()
        self.assertEqual(self.control("restart"), (0, f"stopped process {first}\nstarted as process {self.pid()}\n"))
        self.assertNotEqual(self.pid(), first)
        self.assertEqual(self.control("status"), (0, f"running as process {self.pid()}\n"))
        self.assertEqual(self.control("stop")[0], 0)
        self.assertEqual(self.control("status")[0], 3)
        with self.assertRaises(ConnectionRefusedError):
            self.health()

    def test_a_port_that_is_taken(self) -> None:
        """The command that started the daemon says so, and nothing stays behind."""
        with socket.create_server(("127.0.0.1", self.port)):
            status, told = self.control("start")
        self.assertEqual(status, 1)
        self.assertIn(f":{self.port} is in use; end the program that listens there, or give another port", told)
        self.assertEqual(self.control("status")[0], 3)

    def test_a_wrong_configuration_leaves_the_server_alone(self) -> None:
        """It is read before anything is stopped."""
        self.assertEqual(self.control("start")[0], 0)
        good = self.path.read_text(encoding="utf-8")
        self.path.write_text(good + "bcrypt_round: 4\n", encoding="utf-8")

        status, told = self.control("restart")
        self.assertEqual(
            (status, told), (2, "hearthctl: bcrypt_round: no such key; the nearest known key is 'bcrypt_rounds'\n")
        )
        self.assertEqual(self.health(), 200)
        self.path.write_text(good, encoding="utf-8")

    def test_hangup_opens_the_logs_anew(self) -> None:
        """As logrotate expects."""
        self.assertEqual(self.control("start")[0], 0)
        log = self.folder / "homeserver.log"
        log.rename(self.folder / "old.log")
        os.kill(self.pid(), signal.SIGHUP)
        deadline = time.monotonic() + 10
        while not log.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.health()
        self.assertEqual(self.control("stop")[0], 0)

        self.assertIn("Stopped", log.read_text(encoding="utf-8"))

    def test_one_server_for_one_configuration(self) -> None:
        """A second in the foreground would write to the same database."""
        self.assertEqual(self.control("start")[0], 0)

        status, told = self.run_module("homeserver", "-c", "homeserver.yaml")
        self.assertEqual(status, 1)
        self.assertIn(f"process {self.pid()} is running already", told)
