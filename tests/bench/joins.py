"""What it costs to join a large room of another server: `python -m tests.bench.joins [MEMBERS]`.

Two servers as processes on this machine. Prints of the joining one: the time until the join is answered and until the
first message is read, the CPU time until the whole room is there, and how much memory it took at most.

"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.servers import Place, hearth_settings
from homeserver.commands.certificates import Authority, write_authority, write_issued
from homeserver.config import config_from
from homeserver.config.signing_keys import create_signing_key
from tests.support.api_client import Client, User
from tests.support.large_rooms import add_members

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_S = 300.0


class Measured:
    """A server's process."""

    def __init__(self, folder: Path, port: int, authority: Authority) -> None:
        self.folder = folder
        folder.mkdir()
        self.url = f"http://127.0.0.1:{port}"
        self.name = f"localhost:{port + 1}"
        create_signing_key(folder / "signing.key")
        write_issued(authority, ["localhost"], folder / "tls.crt", folder / "tls.key")
        self.values = self._values(port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        path = self.folder / "homeserver.yaml"
        path.write_text(json.dumps(self.values), encoding="utf-8")
        with (self.folder / "output").open("ab") as output:
            command = [sys.executable, "-m", "homeserver", "-c", str(path)]
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        until_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until_s:
            try:
                if Client(self.url).request("GET", "/login").status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{self.name} does not run")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def cpu_s(self) -> float:
        """What it has spent."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mib(self, kind: str) -> float:
        """`VmRSS`: now; `VmHWM`: at most so far."""
        line = next(one for one in self._read("status").splitlines() if one.startswith(kind))
        return int(line.split()[1]) / 1024

    def register(self, localpart: str) -> User:
        """A user, logged in."""
        body = {"username": localpart, "password": "correct horse", "auth": {"type": "m.login.dummy"}}
        return User(self.url, Client(self.url).post("/register", body), "correct horse")

    def _read(self, name: str) -> str:
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}/{name}").read_text(encoding="utf-8")

    def _values(self, port: int) -> dict[str, Any]:
        values = hearth_settings(Place(self.folder, port))
        resources = [{"names": ["client", "federation"]}]
        values["listeners"].append(
            {"port": port + 1, "bind_addresses": ["127.0.0.1"], "tls": True, "resources": resources}
        )
        del values["log_config"]
        return {
            **values,
            "server_name": self.name,
            "tls_certificate_path": str(self.folder / "tls.crt"),
            "tls_private_key_path": str(self.folder / "tls.key"),
            "federation_custom_ca_list": [str(self.folder.parent / "ca.crt")],
            "ip_range_whitelist": ["127.0.0.0/8"],
        }


def main(members: int) -> None:
    """Measure."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = write_authority("Bench authority", folder / "ca.crt")
        resident = Measured(folder / "resident", 18400, authority)
        joiner = Measured(folder / "joiner", 18410, authority)
        room_id, first = _fill(resident, members)
        for server in (resident, joiner):
            server.start()
            stack.callback(server.stop)
        alice = joiner.register("alice")
        _measure(joiner, alice, (room_id, resident.name, first), members)


def _fill(resident: Measured, members: int) -> tuple[str, str]:
    """(the room, the id of the last message in it)."""
    resident.start()
    owner = resident.register("owner")
    room_id = owner.create_room(preset="public_chat", name="Large")
    resident.stop()
    add_members(config_from(resident.values, resident.folder), room_id, members)
    resident.start()
    for number in range(50):
        last = owner.send(room_id, f"message {number}")
    resident.stop()
    return room_id, last


def _measure(joiner: Measured, alice: User, room: tuple[str, str, str], members: int) -> None:
    room_id, via, last = room
    before_mib, before_cpu_s = joiner.memory_mib("VmRSS"), joiner.cpu_s()
    began_s = time.monotonic()
    alice.join(room_id, via)
    answered_s = time.monotonic() - began_s
    while last not in _read(alice, room_id):
        time.sleep(0.05)
    read_s = time.monotonic() - began_s
    found = alice.get(f"/rooms/{room_id}/joined_members")["joined"]
    whole_s, cpu_s = time.monotonic() - began_s, joiner.cpu_s() - before_cpu_s
    assert len(found) == members + 2, len(found)
    peak_mib = joiner.memory_mib("VmHWM") - before_mib
    print(f"{members} members: answered after {answered_s:.2f} s, first message read after {read_s:.2f} s")
    print(f"whole after {whole_s:.2f} s, {cpu_s:.2f} s of CPU: {members / cpu_s:.0f} state events a second")
    print(f"memory: {peak_mib:.0f} MiB more at most")


def _read(user: User, room_id: str) -> list[str]:
    page = user.get(f"/rooms/{room_id}/messages", {"dir": "b", "limit": 20})
    return [event["event_id"] for event in page["chunk"]]


if __name__ == "__main__":
    main(int((*sys.argv[1:], "10000")[0]))
