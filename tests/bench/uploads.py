"""What many large files at once cost: `python -m tests.bench.uploads [FILES] [MEGABYTES]`.

Starts a server of its own, uploads so many files of so many million bytes at once, downloads them at once, and prints
how much memory its process had before and at most, and the time and CPU time. Linux only.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.sliding import PORT, Measured
from tests.support.api_client import Client

_CHUNK = os.urandom(100_000)


def _memory_mib(pid: int, field: str) -> int:
    """`VmRSS`, or `VmHWM` for the most since the last time that this was asked."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = int(status.partition(f"{field}:")[2].split()[0]) // 1024
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    return found


async def _upload(number: int, token: str, chunks: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    head = f"POST /_matrix/media/v3/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    writer.write(f"{head}Content-Length: {len(_CHUNK) * chunks}\r\nConnection: close\r\n\r\n".encode())
    writer.write(number.to_bytes(8, "big") + _CHUNK[8:])
    for _ in range(chunks - 1):
        writer.write(_CHUNK)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    uri: str = json.loads(answer.partition(b"\r\n\r\n")[2])["content_uri"]
    return uri.removeprefix("mxc://")


async def _download(place: str, token: str) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    path = f"/_matrix/client/v1/media/download/{place}"
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()
    )
    size = 0
    while piece := await reader.read(262_144):
        size += len(piece)
    writer.close()
    return size


async def _measure(server: Measured, files: int, megabytes: int) -> None:
    user = {"username": "user", "password": "correct horse", "auth": {"type": "m.login.dummy"}}
    token = Client(server.url).post("/register", user)["access_token"]
    places: list[str] = []
    for name in ("uploads", "downloads"):
        print(f"before the {name}: {_memory_mib(server.pid, 'VmRSS')} MiB")
        begun_s, cpu_ms = time.monotonic(), server.cpu_ms()
        if name == "uploads":
            places = await asyncio.gather(*(_upload(one, token, megabytes * 10) for one in range(files)))
        else:
            sizes = await asyncio.gather(*(_download(one, token) for one in places))
            assert min(sizes) > megabytes * 1_000_000
        took = f"{time.monotonic() - begun_s:.1f} s, {(server.cpu_ms() - cpu_ms) / 1000:.1f} s of CPU"
        print(f"{name}: at most {_memory_mib(server.pid, 'VmHWM')} MiB; {took}")


def main() -> None:
    """Print the figures."""
    given = [int(one) for one in sys.argv[1:]]
    files, megabytes = given + [100, 50][len(given) :]
    with tempfile.TemporaryDirectory() as folder:
        server = Measured(Path(folder))
        try:
            asyncio.run(_measure(server, files, megabytes))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
