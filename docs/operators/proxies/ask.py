#!/usr/bin/env python3
"""What a reverse proxy has to let through, asked of one that listens at 127.0.0.1, ports 443 and 8448.

Prints a row of a table; the exit status is 1 where anything failed.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import secrets
import socket
import ssl
import sys
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

_CERTIFICATE = "/etc/ssl/hearth/example.org.crt"
_LARGE = 45_000_000
_TOO_LARGE = 120_000_000
_SYNC_MS = 65_000


class Asking:
    """Requests with a person's token."""

    def __init__(self) -> None:
        self.tls = ssl.create_default_context(cafile=_CERTIFICATE)
        self.token = ""

    def ask(self, method: str, path: str, body: Any = None, port: int = 443, **head: Any) -> tuple[int, bytes, Any]:
        """(status, body, header fields)."""
        connection = http.client.HTTPSConnection("matrix.example.org", port, timeout=120)
        plain = socket.create_connection(("127.0.0.1", port), timeout=120)
        connection.sock = self.tls.wrap_socket(plain, server_hostname="matrix.example.org")
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        fields = {name.replace("_", "-"): value for name, value in head.items()}
        if self.token:
            fields["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, sent, fields)
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def api(self, method: str, path: str, body: Any = None, **head: Any) -> Any:
        """The answer's JSON."""
        status, answer, _ = self.ask(method, f"/_matrix/client/v3{path}", body, **head)
        if status != 200:
            raise AssertionError(f"{method} {path[:80]}: {status} {answer[:200]!r}")
        return json.loads(answer)

    def register(self) -> None:
        """Be somebody new."""
        who = {
            "username": f"user-{secrets.token_hex(4)}",
            "password": secrets.token_urlsafe(),
            "auth": {"type": "m.login.dummy"},
        }
        answer = self.api("POST", "/register", who)
        self.token = answer["access_token"]


def well_known(asking: Asking) -> None:
    """Delegation of the server name, for servers and clients."""
    for what, key in (("server", "m.server"), ("client", "m.homeserver")):
        status, answer, head = asking.ask("GET", f"/.well-known/matrix/{what}")
        assert status == 200 and key in json.loads(answer), (what, status, answer[:100])
        assert head["Content-Type"].startswith("application/json"), head["Content-Type"]
        assert head["Access-Control-Allow-Origin"] == "*", "no CORS"


def federation_port(asking: Asking) -> None:
    """Other servers at port 8448."""
    status, answer, _ = asking.ask("GET", "/_matrix/federation/v1/version", port=8448)
    assert status == 200 and b"server" in answer, (status, answer[:100])


def encoded_paths(asking: Asking) -> None:
    """%2F, %23, %3A, %25 and others in paths arrive as they were sent."""
    room = asking.api("POST", "/createRoom", {})["room_id"]
    name = f"#a/b c%2F?&+;é//..-{secrets.token_hex(4)}:example.org"
    path = f"/directory/room/{urllib.parse.quote(name, safe='')}"
    asking.api("PUT", path, {"room_id": room})
    assert asking.api("GET", path)["room_id"] == room
    key = urllib.parse.quote("a/../b%2Fc", safe="")
    asking.api("PUT", f"/rooms/{urllib.parse.quote(room, safe='')}/state/org.example/{key}", {"here": True})
    state = asking.api("GET", f"/rooms/{urllib.parse.quote(room, safe='')}/state")
    assert any(event["state_key"] == "a/../b%2Fc" for event in state), "the state key came as another"


def large_bodies(asking: Asking) -> None:
    """45 MB up and down; more than the limit is refused."""
    content = os.urandom(_LARGE)
    status, answer, _ = asking.ask("POST", "/_matrix/media/v3/upload", content, Content_Type="application/octet-stream")
    assert status == 200, (status, answer[:200])
    server, media_id = json.loads(answer)["content_uri"].removeprefix("mxc://").split("/")
    status, fetched, _ = asking.ask("GET", f"/_matrix/client/v1/media/download/{server}/{media_id}")
    assert status == 200 and hashlib.sha256(fetched).digest() == hashlib.sha256(content).digest(), (
        status,
        len(fetched),
    )
    try:
        status, _, _ = asking.ask("POST", "/_matrix/media/v3/upload", bytes(_TOO_LARGE), Content_Type="image/x-test")
    except OSError:
        # Refused before all of it was sent.
        return
    assert status == 413, status


def long_sync(asking: Asking) -> None:
    """A sync of 65 seconds in which nothing happens ends when its client said."""
    path = "/sync?set_presence=offline"
    since = asking.api("GET", f"{path}&timeout=0")["next_batch"]
    for _ in range(3):
        # What the server itself has to say of a new account and its devices comes first.
        began = time.monotonic()
        answer = asking.api("GET", f"{path}&timeout={_SYNC_MS}&since={since}")
        if time.monotonic() - began > _SYNC_MS / 1000 - 1:
            return
        since = answer["next_batch"]
    raise AssertionError(f"each of three syncs ended early, with {[key for key in answer if key != 'next_batch']}")


def addresses(asking: Asking) -> None:
    """The homeserver sees the client's address, whatever the client says of it."""
    asking.api("GET", "/account/whoami", X_Forwarded_For="203.0.113.9")
    for _ in range(100):
        (device,) = asking.api("GET", "/devices")["devices"]
        if device.get("last_seen_ip"):
            break
        time.sleep(0.2)
    assert device.get("last_seen_ip") == "127.0.0.1", device.get("last_seen_ip")


_CHECKS: list[tuple[str, Callable[[Asking], None]]] = [
    ("well-known", well_known),
    ("port 8448", federation_port),
    ("encoded paths", encoded_paths),
    ("45 MB up and down", large_bodies),
    ("sync of 65 s", long_sync),
    ("client's address", addresses),
]


def main() -> int:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("proxy", nargs="?")
    parser.add_argument("--head", action="store_true", help="print the table's head")
    options = parser.parse_args()
    if options.head:
        print("| proxy | " + " | ".join(name for name, _ in _CHECKS) + " |")
        print("|---|" + "---|" * len(_CHECKS))
        return 0
    asking = Asking()
    for _ in range(240):
        try:
            if asking.ask("GET", "/_matrix/client/versions")[0] == 200:
                break
        except OSError:
            pass
        time.sleep(0.25)
    asking.register()
    cells, problems = [], []
    for name, check in _CHECKS:
        try:
            check(asking)
            cells.append("yes")
        except (AssertionError, OSError, http.client.HTTPException) as error:
            cells.append("no")
            problems.append(f"{options.proxy}: {name}: {error!r}")
    print(f"| {options.proxy} | {' | '.join(cells)} |", flush=True)
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
