"""Requests as bytes on a connection: what no well-behaved client library would send."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass

from tests.support.api_client import Answer


@dataclass(frozen=True)
class RawRequest:
    """`target` as it stands in the request line; `content_type` None for no such header."""

    method: str
    target: str
    body: bytes = b""
    content_type: str | None = "application/json"
    authorization: str | None = None

    def encode(self) -> bytes:
        """What is sent."""
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: localhost", "Connection: close"]
        if self.content_type is not None:
            lines.append(f"Content-Type: {self.content_type}")
        if self.authorization is not None:
            lines.append(f"Authorization: {self.authorization}")
        if self.body or self.method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + self.body


def ask(port: int, request: RawRequest, patience_s: float) -> Answer:
    """Send it and read the whole answer; raises TimeoutError where there is none in time."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience_s) as connection:
        # What is refused while its body is still being sent is answered all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request.encode())
        received = bytearray()
        while block := connection.recv(65536):
            received += block
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    status_line, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in fields)}
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    return Answer(int(status_line.split(" ")[1]), value, headers)
