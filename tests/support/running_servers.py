"""Homeservers as processes of their own, set up and watched with the scripts of the demonstration."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
_STOPPING_S = 30.0


class RunningServer:
    """Its `name`, and the `url` at which it serves its clients."""

    def __init__(self, port: int, client_port: int) -> None:
        self.name = f"localhost:{port}"
        self.url = f"http://localhost:{client_port}"


@contextmanager
def running_servers(count: int) -> Iterator[list[RunningServer]]:
    """So many servers that federate, on free ports, healthy; stopped at the end."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hearth-test-"))
        first, client_ports = _free_ports(count), _free_ports(count)
        _demo(
            "configure.py",
            folder,
            "--first",
            str(first),
            "--client-ports",
            str(client_ports),
            "--count",
            str(count),
            "--no-rate-limit",
        )
        for port in range(first, first + count):
            stack.enter_context(_process(Path(folder) / str(port)))
        _demo("wait_until_up.py", folder, str(client_ports), str(first), str(count))
        yield [RunningServer(first + position, client_ports + position) for position in range(count)]


def _demo(script: str, *arguments: str) -> None:
    command = [sys.executable, str(ROOT / "demo" / script), *arguments]
    subprocess.run(command, env=_ENVIRONMENT, check=True, timeout=90)


@contextmanager
def _process(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "homeserver", "-c", str(folder / "homeserver.yaml")]
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=_ENVIRONMENT, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOPPING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_ports(count: int) -> int:
    """The first of so many free ports in a row.

    They are below those that systems give to outgoing connections, which could take one before its server has it.
    """
    while True:
        first = 10_000 + secrets.randbelow(20_000)
        if all(_is_free(port) for port in range(first, first + count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
