"""A push gateway on loopback that keeps what it is told: real HTTPS, with answers as a test wants them."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.api_client import PATIENCE_S, Json, User
from tests.support.tls_authority import TlsAuthority

PATH = "/_matrix/push/v1/notify"
#: How long a test waits for what is not to come.
SILENCE_S = 0.4


class PushGateway:
    """Listens at `port`. `answer`: (status, headers, body) for a notification; None to close without a word."""

    def __init__(self, port: int = 0) -> None:
        self.told: list[Json] = []
        self.answer: Callable[[Json], tuple[int, dict[str, str], bytes] | None] = lambda told: _JSON
        self._changed = threading.Condition()
        self._authority = TlsAuthority()
        gateway = self

        class Exchange(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gateway._take(self, json.loads(body)["notification"])

            def log_message(self, *args: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Exchange)
        self._server.daemon_threads = True
        context = self._authority.server_context("localhost", "127.0.0.1")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port: int = self._server.server_address[1]
        self.url = f"https://127.0.0.1:{self.port}{PATH}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._authority.close()

    def add_to(self, user: User, pushkey: str = "key", data: Json | None = None, **body: Any) -> None:
        """Give a user a pusher here."""
        user.post("/pushers/set", pusher(self.url, pushkey, data, **body))

    def wait(self, count: int = 1, pushkey: str | None = None) -> list[Json]:
        """Wait until so many notifications were taken (for a pushkey); all of them."""
        return self.wait_for(lambda told: len(told) >= count, pushkey)

    def wait_for(self, is_enough: Callable[[list[Json]], bool], pushkey: str | None = None) -> list[Json]:
        """Wait until what was told (for a pushkey) is enough; all of it."""
        with self._changed:
            found = self._changed.wait_for(lambda: is_enough(self.of(pushkey)), PATIENCE_S)
            if not found:
                raise AssertionError(f"the gateway was told only {self.of(pushkey)}")
            return self.of(pushkey)

    def of(self, pushkey: str | None) -> list[Json]:
        """What was told for a pushkey, or at all."""
        return [one for one in self.told if pushkey in (None, one["devices"][0]["pushkey"])]

    def stays_at(self, count: int, pushkey: str | None = None) -> list[Json]:
        """Check that for a while there are no more than so many; all of them."""
        time.sleep(SILENCE_S)
        told = self.of(pushkey)
        if len(told) != count:
            raise AssertionError(f"{count} notifications were expected, not {told}")
        return told

    def _take(self, request: BaseHTTPRequestHandler, told: Json) -> None:
        with self._changed:
            self.told.append(told)
            self._changed.notify_all()
        answer = self.answer(told)
        if answer is None:
            request.close_connection = True
            return
        status, headers, body = answer
        try:
            request.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)
        except (OSError, ssl.SSLError):
            request.close_connection = True


def json_answer(body: Any, status: int = 200) -> tuple[int, dict[str, str], bytes]:
    """An answer for `PushGateway.answer`."""
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def pusher(url: str, pushkey: str = "key", data: Json | None = None, **body: Any) -> Json:
    """The body of `/pushers/set`."""
    return {
        "kind": "http",
        "app_id": "org.example.app",
        "pushkey": pushkey,
        "app_display_name": "App",
        "device_display_name": "Phone",
        "lang": "en",
        "data": {"url": url, **(data or {})},
        **body,
    }


_JSON = json_answer({"rejected": []})
