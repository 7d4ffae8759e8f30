"""A client of one homeserver, over its UNIX socket. It may be used by one thread at a time."""

from __future__ import annotations

import http.client
import json
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

_V3 = "/_matrix/client/v3"
_TIMEOUT_S = 30.0
_PATIENCE_S = 90.0

Json = dict[str, Any]


class NoAnswer(Exception):
    """The server is not there, or went away before it answered: nobody knows whether it did what was asked."""


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, status: int, answer: Any) -> None:
        super().__init__(f"{status}: {answer}")
        self.status = status


class Client:
    """`user_id` and `token` are empty until `register`."""

    def __init__(self, socket_path: Path, user_id: str = "", token: str = "") -> None:
        self._path = socket_path
        self._connection: http.client.HTTPConnection | None = None
        self.user_id = user_id
        self.token = token

    def clone(self) -> Client:
        """The same user and device on a connection of its own."""
        return Client(self._path, self.user_id, self.token)

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """One request below `/_matrix/client/v3`; raises `NoAnswer` or `Refused`. Nothing is tried again."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            if self._connection is None:
                self._connection = _connected(self._path)
            content = None if body is None else json.dumps(body).encode()
            self._connection.request(method, _V3 + path, content, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
        answer: Json = json.loads(text)
        if response.status != 200:
            raise Refused(response.status, answer)
        return answer

    def insist(self, method: str, path: str, body: Json | None = None) -> Json:
        """`ask`, again until there is an answer."""
        until_s = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self.ask(method, path, body)
            except NoAnswer:
                if time.monotonic() > until_s:
                    raise
                time.sleep(0.1)

    def close(self) -> None:
        """Close the connection; the next request makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def register(self, name: str) -> None:
        """Make an account and be it."""
        body = {"username": name, "password": "correct horse", "auth": {"type": "m.login.dummy"}}
        answer = self.insist("POST", "/register", body)
        self.user_id, self.token = answer["user_id"], answer["access_token"]

    def state(self, room_id: str) -> dict[tuple[str, str], str]:
        """The room's current state: event ids by type and key."""
        events: Any = self.insist("GET", f"/rooms/{quote(room_id)}/state")
        return {(one["type"], one["state_key"]): one["event_id"] for one in events}

    def history(self, room_id: str) -> list[Json]:
        """All events of the room that the server shows, from the oldest to the newest, read page by page."""
        events: list[Json] = []
        since = ""
        while True:
            answer = self.insist("GET", f"/rooms/{quote(room_id)}/messages?dir=b&limit=200{since}")
            events += answer["chunk"]
            if "end" not in answer:
                return events[::-1]
            since = f"&from={quote(answer['end'])}"


def _connected(path: Path) -> http.client.HTTPConnection:
    """A connection to a UNIX socket; once closed it stays so."""
    connection = http.client.HTTPConnection("localhost", timeout=_TIMEOUT_S)
    connection.auto_open = 0
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(_TIMEOUT_S)
    connection.sock.connect(str(path))
    return connection
