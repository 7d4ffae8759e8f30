"""The homeserver that the tests of the client speak to: a process of its own, on a port of its own."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_START_TIMEOUT_S = 60.0
_WITHOUT_LIMITS = {"per_second": 100_000, "burst_count": 100_000}


@functools.cache
def server_url() -> str:
    """The URL of a running homeserver where everybody may register; it ends with the test process.

    HEARTH_CLI_TEST_URL names one that runs already, of any make.
    """
    if url := os.environ.get("HEARTH_CLI_TEST_URL"):
        return url
    directory = Path(tempfile.mkdtemp(prefix="hearth-cli-test-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    port = _free_port()
    process = _start(directory, port)
    atexit.register(_end, process)
    url = f"http://127.0.0.1:{port}"
    _wait_until_up(url, process, directory / "output")
    return url


def cli_environment(config: Path) -> dict[str, str]:
    """The environment of a hearth-cli that has its logins in `config`."""
    # What runs the tests may say how wide its own terminal is.
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return {**inherited, "HEARTH_CLI_CONFIG": str(config), "TERM": "dumb", "PYTHONPATH": str(ROOT)}


def run_cli(config: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run hearth-cli to its end with `typed` as standard input, which is no terminal."""
    return subprocess.run(
        [sys.executable, "-m", "cmdclient", *arguments],
        env=cli_environment(config),
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _start(directory: Path, port: int) -> subprocess.Popen[bytes]:
    config, overrides = directory / "homeserver.yaml", directory / "overrides.yaml"
    server = [sys.executable, "-m", "homeserver", "-c", str(config)]
    generate = ["--server-name", "hearth.test", "--generate-config", "--report-stats=no"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([*server, *generate], cwd=directory, env=environment, check=True, capture_output=True, timeout=120)
    limits = ("rc_message", "rc_registration", "rc_joins_per_room", "rc_room_creation")
    settings = {
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "listeners": [{"port": port, "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}]}],
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "bcrypt_rounds": 4,
        "trusted_key_servers": [],
        "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), _WITHOUT_LIMITS),
        "rc_joins": dict.fromkeys(("local", "remote"), _WITHOUT_LIMITS),
        "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), _WITHOUT_LIMITS),
        **dict.fromkeys(limits, _WITHOUT_LIMITS),
    }
    overrides.write_text(json.dumps(settings), encoding="utf-8")
    with (directory / "output").open("wb") as output:
        return subprocess.Popen(
            [*server, "-c", str(overrides)], cwd=directory, env=environment, stdout=output, stderr=subprocess.STDOUT
        )


def _wait_until_up(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline_s = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_matrix/client/versions", timeout=5):
                return
        except urllib.error.HTTPError as error:
            raise AssertionError(f"the homeserver is up, and answers GET /versions with {error.code}") from error
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the homeserver did not come up:\n{output.read_text(errors='replace')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
