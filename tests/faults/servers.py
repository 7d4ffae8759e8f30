"""Homeservers as processes of their own, each in its network namespace, that federate with each other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from homeserver.commands.certificates import Authority, write_authority, write_issued
from homeserver.config.rate_limits import DEFAULTS
from homeserver.config.signing_keys import create_signing_key
from tests.faults.client import Client, NoAnswer
from tests.faults.network import Network

ROOT = Path(__file__).resolve().parents[2]
_START_S = 30.0
#: Requests under way get ten seconds, and connections five to end.
_STOP_S = 25.0
_PORT = 8448


class ServerProcess:
    """One homeserver on SQLite: its files in `folder`, its clients at the UNIX socket `client.sock` there."""

    def __init__(self, folder: Path, name: str, command: list[str]) -> None:
        self.folder = folder
        self.name = name
        self._command = [*command, sys.executable, "-m", "homeserver", "-c", str(folder / "homeserver.yaml")]
        self._process: subprocess.Popen[bytes] | None = None

    def client(self) -> Client:
        """A client without an account."""
        return Client(self.folder / "client.sock")

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.wait_until_up()

    def launch(self) -> None:
        """Start it."""
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_up(self) -> None:
        """Wait until it answers; raises RuntimeError with its output where it does not."""
        until_s = time.monotonic() + _START_S
        client = self.client()
        while True:
            try:
                client.ask("GET", "/login")
                client.close()
                return
            except NoAnswer:
                process = self._process
                if process is None or process.poll() is not None or time.monotonic() > until_s:
                    raise RuntimeError(f"{self.name} does not run: {self.output()[-4000:]}") from None
                time.sleep(0.05)

    def kill(self) -> None:
        """End it in the middle of whatever it does, as `kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def terminate(self) -> int:
        """Ask it to end and wait; its exit status."""
        process = self._process
        if process is None:
            raise AssertionError("it does not run")
        process.send_signal(signal.SIGTERM)
        status = process.wait(_STOP_S)
        self._process = None
        return status

    def output(self) -> str:
        """All it wrote so far."""
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")


def prepare_servers(folder: Path, network: Network) -> list[ServerProcess]:
    """A server for each namespace, with keys and certificates, not started."""
    authority = write_authority("Hearth faults", folder / "ca.crt")
    servers = []
    for number in range(len(network.namespaces)):
        address = network.address(number)
        own = folder / str(number)
        own.mkdir()
        _configure(own, authority, address)
        servers.append(ServerProcess(own, f"{address}:{_PORT}", network.command(number)))
    return servers


def _configure(own: Path, authority: Authority, address: str) -> None:
    create_signing_key(own / "signing.key")
    write_issued(authority, [address], own / "tls.crt", own / "tls.key")
    resources = [{"names": ["client", "federation"]}]
    values: dict[str, Any] = {
        "server_name": f"{address}:{_PORT}",
        "public_baseurl": f"https://{address}:{_PORT}/",
        "listeners": [
            {"path": str(own / "client.sock"), "resources": resources},
            {"port": _PORT, "bind_addresses": [address], "tls": True, "resources": resources},
        ],
        "tls_certificate_path": str(own / "tls.crt"),
        "tls_private_key_path": str(own / "tls.key"),
        "signing_key_path": str(own / "signing.key"),
        "database": {"name": "sqlite3", "args": {"database": str(own / "homeserver.db")}},
        "media_store_path": str(own / "media"),
        "federation_custom_ca_list": [str(own.parent / "ca.crt")],
        "ip_range_whitelist": [f"{address.rpartition('.')[0]}.0/24"],
        "trusted_key_servers": [],
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "report_stats": False,
        "rc_federation": {"sleep_limit": 1_000_000, "reject_limit": 1_000_000, "concurrent": 1000},
        **_without_limits(),
    }
    # JSON is YAML.
    (own / "homeserver.yaml").write_text(json.dumps(values, indent=2), encoding="utf-8")


def _without_limits() -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for name in DEFAULTS:
        group, _, part = name.partition(".")
        values = {"per_second": 1_000_000, "burst_count": 1_000_000}
        if part:
            limits.setdefault(group, {})[part] = values
        else:
            limits[group] = values
    return limits
