"""Waits until each server of the demonstration is healthy, or says which one is not and why.

python demo/wait_until_up.py DIR CLIENT_PORT FEDERATION_PORT COUNT
"""

from __future__ import annotations

import http.client
import socket
import sys
import time
from pathlib import Path

_PATIENCE_S = 60.0


def main() -> int:
    """Returns the exit status."""
    directory = Path(sys.argv[1])
    client_port, federation_port, count = map(int, sys.argv[2:5])
    deadline = time.monotonic() + _PATIENCE_S
    for position in range(count):
        port = client_port + position
        while not (is_healthy(port) and is_open(federation_port + position)):
            if time.monotonic() > deadline:
                tell_failure(port, directory / str(federation_port + position) / "output.log")
                return 1
            time.sleep(0.1)
    return 0


def is_healthy(port: int) -> bool:
    """Whether `GET /health` answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_open(port: int) -> bool:
    """Whether something listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


def tell_failure(port: int, log: Path) -> None:
    """The last lines of a server that is not there."""
    print(f"No healthy server at port {port} after {_PATIENCE_S:.0f} s. The end of {log}:", file=sys.stderr)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else ["(no log)"]
    print("\n".join(lines[-20:]), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
