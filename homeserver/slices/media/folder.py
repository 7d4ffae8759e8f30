"""Contents as files in a folder, named by their SHA-256: equal contents are one file."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from twisted.internet.defer import Deferred

from homeserver.protocol.errors import MatrixError
from homeserver.slices.media.records import Content

_PIECE_BYTES = 256 * 1024

Offload = Callable[..., "Deferred[Any]"]
"""Runs a plain function in a thread."""


class Contents(Protocol):
    """Where contents are kept."""

    async def add(self, chunks: AsyncIterator[bytes], most_bytes: int) -> Content:
        """Keep what comes; 413 `M_TOO_LARGE` for more than so many bytes, and nothing is left of it."""

    def read(self, sha256: str, start: int, length: int) -> AsyncIterator[bytes]:
        """A part of a content, in pieces."""

    async def delete(self, sha256: str) -> None:
        """Forget a content, if it is there."""

    def path(self, sha256: str) -> Path:
        """A file that holds the content, to be read."""


class FolderContents:
    """A folder on this machine. A file is written under a temporary name, brought to disk, and then renamed."""

    def __init__(self, folder: Path, offload: Offload) -> None:
        self._folder = folder
        self._offload = offload

    async def add(self, chunks: AsyncIterator[bytes], most_bytes: int) -> Content:
        """See `Contents`."""
        temporary = self._folder / "tmp" / secrets.token_hex(16)
        file: BinaryIO = await self._offload(_created, temporary)
        digest, size_bytes, waiting = hashlib.sha256(), 0, bytearray()
        try:
            async for chunk in chunks:
                size_bytes += len(chunk)
                if size_bytes > most_bytes:
                    raise MatrixError(413, "M_TOO_LARGE", f"More than {most_bytes} bytes.")
                waiting += chunk
                if len(waiting) >= _PIECE_BYTES:
                    await self._offload(_write, file, digest, bytes(waiting))
                    waiting.clear()
            await self._offload(_write, file, digest, bytes(waiting))
            sha256 = digest.hexdigest()
            await self._offload(_settle, file, temporary, self.path(sha256))
        except BaseException:
            await self._offload(_drop, file, temporary)
            raise
        return Content(sha256, size_bytes)

    async def read(self, sha256: str, start: int, length: int) -> AsyncIterator[bytes]:
        """See `Contents`."""
        file: BinaryIO = await self._offload(_opened, self.path(sha256), start)
        try:
            while length > 0:
                piece: bytes = await self._offload(file.read, min(length, _PIECE_BYTES))
                if not piece:
                    return
                length -= len(piece)
                yield piece
        finally:
            file.close()

    async def delete(self, sha256: str) -> None:
        """See `Contents`."""
        await self._offload(self.path(sha256).unlink, True)

    def path(self, sha256: str) -> Path:
        """Two levels of folders, so that none gets too large."""
        return self._folder / sha256[:2] / sha256[2:4] / sha256[4:]


def _created(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _opened(path: Path, start: int) -> BinaryIO:
    file = path.open("rb")
    file.seek(start)
    return file


def _write(file: BinaryIO, digest: Any, piece: bytes) -> None:
    digest.update(piece)
    file.write(piece)


def _settle(file: BinaryIO, temporary: Path, path: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _drop(file: BinaryIO, temporary: Path) -> None:
    file.close()
    temporary.unlink(missing_ok=True)
