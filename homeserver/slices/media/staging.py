"""Temporary files: what comes is written there while its SHA-256 and its size are counted."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred

from homeserver.protocol.errors import MatrixError
from homeserver.slices.media.records import Content

PIECE_BYTES = 256 * 1024
#: A file that nobody has written to for so long belongs to a process that died.
_ABANDONED_S = 24 * 3600

Offload = Callable[..., "Deferred[Any]"]
"""Runs a plain function in a thread."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A temporary file that is whole and on disk."""

    path: Path
    content: Content


class StagingFolder:
    """The folder of temporary files."""

    def __init__(self, folder: Path, offload: Offload) -> None:
        self._folder = folder
        self._offload = offload

    def new_path(self) -> Path:
        """A name that nobody else uses."""
        return self._folder / secrets.token_hex(16)

    async def take(self, chunks: AsyncIterator[bytes], most_bytes: int) -> StagedFile:
        """Write what comes, and bring it to disk; 413 `M_TOO_LARGE`. Nothing is left where that fails."""
        path = self.new_path()
        file: BinaryIO = await self._offload(created, path)
        try:
            content = await self._write(file, chunks, most_bytes)
        except BaseException:
            await self._offload(_drop, file, path)
            raise
        return StagedFile(path, content)

    async def drop(self, path: Path) -> None:
        """Remove a file, if it is there."""
        await self._offload(path.unlink, True)

    async def sweep(self) -> None:
        """Remove what was abandoned."""
        await self._offload(_sweep, self._folder)

    async def _write(self, file: BinaryIO, chunks: AsyncIterator[bytes], most_bytes: int) -> Content:
        digest, size_bytes, waiting = hashlib.sha256(), 0, bytearray()
        async for chunk in chunks:
            size_bytes += len(chunk)
            if size_bytes > most_bytes:
                raise MatrixError(413, "M_TOO_LARGE", f"More than {most_bytes} bytes.")
            waiting += chunk
            if len(waiting) >= PIECE_BYTES:
                await self._offload(_append, file, digest, waiting)
                waiting = bytearray()
        await self._offload(_finish, file, digest, waiting)
        return Content(digest.hexdigest(), size_bytes)


def created(path: Path) -> BinaryIO:
    """A new file that only this user reads; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)


def _append(file: BinaryIO, digest: Any, piece: bytes) -> None:
    digest.update(piece)
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]


def _finish(file: BinaryIO, digest: Any, piece: bytes) -> None:
    _append(file, digest, piece)
    os.fsync(file.fileno())
    file.close()


def _drop(file: BinaryIO, path: Path) -> None:
    file.close()
    path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    if not folder.is_dir():
        return
    before = time.time() - _ABANDONED_S
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < before:
                path.unlink()
        except FileNotFoundError:
            continue
