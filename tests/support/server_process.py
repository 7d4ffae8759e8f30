"""A homeserver as a process of its own, which can be killed in the middle of whatever it does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.api_client import Client
from tests.support.homeserver import Homeserver

ROOT = Path(__file__).resolve().parents[2]
_START_S = 60.0
_LOOK_EVERY_S = 0.05


class ServerProcess:
    """Runs `command` in `folder`, where its output is collected; it is up when it answers its clients at `url`."""

    def __init__(self, command: Sequence[str], folder: Path, url: str) -> None:
        self._command = command
        self._folder = folder
        self._url = url
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; raises RuntimeError with its output where it does not."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until_s = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until_s:
                self.kill()
                raise RuntimeError(f"the server does not run: {self.output()[-4000:]}")
            time.sleep(_LOOK_EVERY_S)

    def start_if_stopped(self) -> None:
        """Start, where it does not run."""
        if self._process is None:
            self.start()

    def kill(self) -> None:
        """End it as `kill -9` does; harmless where it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def output(self) -> str:
        """All it wrote so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    @property
    def _output(self) -> Path:
        return self._folder / "output"

    def _answers(self) -> bool:
        try:
            return Client(self._url).request("GET", "/_matrix/client/versions").status == 200
        except OSError:
            return False


def process_of(homeserver: Homeserver) -> ServerProcess:
    """A process for what a `Homeserver` that is not started would do in this one."""
    path = homeserver.write_configuration()
    return ServerProcess([sys.executable, "-m", "homeserver", "-c", str(path)], path.parent, homeserver.url)
