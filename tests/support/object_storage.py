"""A server that speaks as S3 does, in a process of its own, with an empty bucket for each test."""

from __future__ import annotations

import atexit
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import cache
from typing import Any

_PATIENCE_S = 60
_KEYS = {"access_key_id": "test", "secret_access_key": "test"}


@cache
def object_storage() -> str:
    """The server's URL; it runs until the tests end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(server.kill)
    _wait_for(port, server)
    return f"http://127.0.0.1:{port}"


def new_bucket() -> dict[str, Any]:
    """An empty bucket: the section `media_object_storage` of a server's configuration."""
    url = object_storage()
    name = f"hearth-{secrets.token_hex(6)}"
    urllib.request.urlopen(urllib.request.Request(f"{url}/{name}", method="PUT")).close()
    return {"bucket": name, "endpoint": url, "prefix": "media/", **_KEYS}


def objects_of(storage: dict[str, Any]) -> list[str]:
    """The names of the objects in a bucket."""
    with urllib.request.urlopen(f"{storage['endpoint']}/{storage['bucket']}?list-type=2") as answer:
        text: str = answer.read().decode()
    return sorted(part.partition("</Key>")[0] for part in text.split("<Key>")[1:])


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < _PATIENCE_S:
        if server.poll() is not None:
            raise AssertionError("the server of objects did not start")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/data.json").close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server of objects does not answer")
