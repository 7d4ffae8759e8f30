"""`register_new_matrix_user`, against a server that checks what the specification of the protocol says."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import io
import json
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from homeserver.commands.register_user import main

SECRET = "shared"


class Registrar(BaseHTTPRequestHandler):
    """`/_synapse/admin/v1/register`."""

    def do_GET(self) -> None:
        """A nonce."""
        self.reply(200, {"nonce": "n0nce"})

    def do_POST(self) -> None:
        """The user, where the code is right."""
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        parts = [body["nonce"], body["username"], body["password"], "admin" if body["admin"] else "notadmin"]
        code = hmac.new(SECRET.encode(), "\0".join(parts).encode(), hashlib.sha1).hexdigest()
        if code != body["mac"]:
            self.reply(403, {"errcode": "M_FORBIDDEN", "error": "HMAC incorrect"})
        elif body["username"] == "taken":
            self.reply(400, {"errcode": "M_USER_IN_USE", "error": "User ID already taken."})
        else:
            self.reply(200, {"user_id": f"@{body['username']}{'+admin' if body['admin'] else ''}:my.example"})

    def reply(self, status: int, body: dict[str, Any]) -> None:
        """JSON."""
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class RegisterTest(unittest.TestCase):
    """One run of the command each."""

    def setUp(self) -> None:
        """A server on a free port."""
        server = HTTPServer(("127.0.0.1", 0), Registrar)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.port = server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def run_command(self, *arguments: str) -> tuple[int, str]:
        """Exit status, and all that was printed."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = main(arguments)
        return status, out.getvalue()

    def test_a_user(self) -> None:
        """Secret and address from the command line."""
        answer = self.run_command("-k", SECRET, "-u", "alice", "-p", "pässword", "--no-admin", self.url)

        self.assertEqual(answer, (0, "registered @alice:my.example\n"))

    def test_an_administrator_by_the_configuration(self) -> None:
        """Secret and port from the file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "homeserver.yaml")
            listener = f"{{port: {self.port}, resources: [{{names: [client]}}]}}"
            path.write_text(
                f"server_name: my.example\nregistration_shared_secret: {SECRET}\nlisteners: [{listener}]\n",
                encoding="utf-8",
            )
            answer = self.run_command("-c", str(path), "-u", "root", "-p", "w", "-a")
        self.assertEqual(answer, (0, "registered @root+admin:my.example\n"))

    def test_refusals(self) -> None:
        """In the server's own words."""
        self.assertEqual(
            self.run_command("-k", "other", "-u", "alice", "-p", "w", "-a", self.url),
            (1, "register_new_matrix_user: M_FORBIDDEN: HMAC incorrect\n"),
        )
        status, told = self.run_command("-k", SECRET, "-u", "taken", "-p", "w", "-a", self.url)
        self.assertEqual(status, 1)
        self.assertIn("M_USER_IN_USE", told)
        self.assertEqual(self.run_command("-k", SECRET, "-u", "taken", "-p", "w", "-a", "--exists-ok", self.url)[0], 0)

    def test_no_server(self) -> None:
        """One line, no traceback."""
        status, told = self.run_command("-k", SECRET, "-u", "a", "-p", "w", "-a", "http://127.0.0.1:9")

        self.assertEqual(status, 1)
        self.assertRegex(told, r"^register_new_matrix_user: http://127.0.0.1:9: .*refused\n$")

    def test_no_secret(self) -> None:
        """Then nothing is sent."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "homeserver.yaml")
            path.write_text("server_name: my.example\n", encoding="utf-8")
            status, told = self.run_command("-c", str(path), "-u", "a", "-p", "w", "-a")
        self.assertEqual(status, 1)
        self.assertIn("registration_shared_secret", told)
