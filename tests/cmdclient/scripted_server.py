"""An HTTP server that gives the answers it was told to give: for what no good homeserver does."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ScriptedServer:
    """Gives `answers` one after the other, and keeps the requests as (method, path, headers, body).

    An answer is (status, JSON), or (status, bytes) for a body that is not JSON.
    """

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        waiting = list(answers)
        requests = self.requests

        class Scripted(BaseHTTPRequestHandler):
            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                requests.append((self.command, self.path, dict(self.headers.items()), body))
                status, answer = waiting.pop(0)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = respond  # noqa: N815

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
