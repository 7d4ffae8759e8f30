"""Two servers that federate over TLS, and two people who talk: with the package's programs, on the loopback interface.

/usr/lib/hearth/bin/python3 -I two_servers.py FOLDER
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from homeserver.commands.certificates import Authority, write_authority, write_issued

PASSWORD = "correct horse battery staple"
_PATIENCE_S = 120.0
_BIN = Path("/usr/bin")


class Server:
    """One server in a folder of its own; its name is localhost with its port for other servers."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.client_port, self.port = free_port(), free_port()
        self.name = f"localhost:{self.port}"
        self.url = f"http://127.0.0.1:{self.client_port}"
        folder.mkdir()
        write_issued(authority, ["localhost", "127.0.0.1"], folder / "tls.crt", folder / "tls.key")
        (folder / "homeserver.yaml").write_text(json.dumps(self._settings()), encoding="utf-8")
        run(sys.executable, "-I", "-m", "homeserver.commands.set_up", "--directory", str(folder), "-H", self.name)
        self.log = (folder / "output.log").open("wb")
        self.process = subprocess.Popen(
            [str(_BIN / "hearth"), "-c", str(folder)], cwd=folder, stdout=self.log, stderr=subprocess.STDOUT
        )

    def _settings(self) -> dict[str, Any]:
        resources = [{"names": ["client", "federation"]}]
        return {
            "listeners": [
                {"port": self.client_port, "resources": resources},
                {"port": self.port, "tls": True, "resources": resources},
            ],
            "tls_certificate_path": str(self.folder / "tls.crt"),
            "tls_private_key_path": str(self.folder / "tls.key"),
            "signing_key_path": str(self.folder / "signing.key"),
            "registration_shared_secret_path": str(self.folder / "registration_shared_secret"),
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.db")}},
            "media_store_path": str(self.folder / "media"),
            "federation_custom_ca_list": [str(self.folder.parent / "ca.crt")],
            "ip_range_whitelist": ["127.0.0.0/8", "::1/128"],
            "trusted_key_servers": [],
        }

    def wait_until_healthy(self) -> None:
        """Raises RuntimeError with the log where it does not come up."""
        until_s = time.monotonic() + _PATIENCE_S
        while not self._is_healthy():
            if self.process.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError((self.folder / "output.log").read_text(encoding="utf-8", errors="replace")[-4000:])
            time.sleep(0.1)

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def register(self, name: str) -> Person:
        """A user, logged in with hearth-cli."""
        run(str(_BIN / "register_new_matrix_user"), "-c", str(self.folder), "-u", name, "-p", PASSWORD, "--no-admin")
        person = Person(self, name)
        person.command("login", name, PASSWORD)
        return person

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(60)
        self.log.close()


class Person:
    """Somebody with hearth-cli."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._config = server.folder / f"{name}.json"
        self.user_id = f"@{name}:{server.name}"

    def command(self, *words: str) -> str:
        """What it printed."""
        program = (str(_BIN / "hearth-cli"), "--homeserver", self._server.url, "--config", str(self._config))
        return run(*program, *words)

    def wait_for(self, text: str, *words: str) -> None:
        """Until a command prints this."""
        until_s = time.monotonic() + _PATIENCE_S
        while text not in (printed := self.command(*words)):
            if time.monotonic() > until_s:
                raise RuntimeError(f"{words} prints no {text!r}: {printed}")
            time.sleep(0.5)


def run(*command: str) -> str:
    """Its output; raises RuntimeError with that where it fails."""
    environment = {**os.environ, "HOME": sys.argv[1]}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def free_port() -> int:
    """Below those that systems give to outgoing connections."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def main() -> None:
    """The whole story."""
    folder = Path(sys.argv[1])
    authority = write_authority("Smoke test", folder / "ca.crt")
    servers = [Server(folder / name, authority) for name in ("first", "second")]
    try:
        for server in servers:
            server.wait_until_healthy()
        alice, bob = servers[0].register("alice"), servers[1].register("bob")
        alias = f"#lounge:{servers[0].name}"
        alice.command("create", "#lounge", "Lounge", "public")
        bob.command("join", alias)
        alice.command("send", alias, "good morning")
        bob.wait_for("good morning", "messages", alias)
        bob.command("send", alias, "and to you")
        alice.wait_for("and to you", "messages", alias)
        with urllib.request.urlopen(f"{servers[0].url}/", timeout=30) as page:
            assert b"<title>" in page.read(), "the web client is not there"
    finally:
        for server in servers:
            server.stop()
    print("two servers: alice and bob talked, and the web client is served")


if __name__ == "__main__":
    main()
