"""Temporary files: what comes is written there while its SHA-256 and its size are counted."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from twisted.internet.defer import Deferred

from homeserver.protocol.errors import MatrixError
from homeserver.slices.media.records import Content

PIECE_BYTES = 256 * 1024
#: Chunks below this are put together; larger ones are written as they came, without a copy.
_SMALL_CHUNK_BYTES = 16 * 1024
#: A file that nobody has written to for so long belongs to a process that died.
_ABANDONED_S = 24 * 3600
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL

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
        file = _GrowingFile(self.new_path())
        try:
            return await self._write(file, chunks, most_bytes)
        except BaseException:
            await self._offload(file.drop)
            raise

    async def drop(self, path: Path) -> None:
        """Remove a file, if it is there."""
        await self._offload(path.unlink, True)

    async def sweep(self) -> None:
        """Remove what was abandoned."""
        await self._offload(_sweep, self._folder)

    async def _write(self, file: _GrowingFile, chunks: AsyncIterator[bytes], most_bytes: int) -> StagedFile:
        size_bytes, waiting = 0, _Waiting()
        async for chunk in chunks:
            size_bytes += len(chunk)
            if size_bytes > most_bytes:
                raise MatrixError(413, "M_TOO_LARGE", f"More than {most_bytes} bytes.")
            waiting.add(chunk)
            if waiting.size_bytes >= PIECE_BYTES:
                await self._offload(file.append, waiting.pieces)
                waiting = _Waiting()
        return StagedFile(file.path, Content(await self._offload(file.finish, waiting.pieces), size_bytes))


class _Waiting:
    """What has come and is not written yet."""

    def __init__(self) -> None:
        self.pieces: list[bytes | bytearray] = []
        self.size_bytes = 0

    def add(self, chunk: bytes) -> None:
        self.size_bytes += len(chunk)
        if len(chunk) >= _SMALL_CHUNK_BYTES:
            self.pieces.append(chunk)
            return
        if not self.pieces or not isinstance(self.pieces[-1], bytearray):
            self.pieces.append(bytearray())
        self.pieces[-1] += chunk


class _GrowingFile:
    """A file that is made with its first bytes and that only this user reads. In threads: who gives up does not wait
    for what is being written, so dropping it does; and nothing is written to a descriptor that is closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._digest = hashlib.sha256()
        self._lock = Lock()
        self._is_dropped = False

    def append(self, pieces: Sequence[bytes | bytearray]) -> None:
        with self._lock:
            self._write(self._open(), pieces)

    def finish(self, pieces: Sequence[bytes | bytearray]) -> str:
        """These are the last: bring all to disk; the SHA-256."""
        with self._lock:
            descriptor = self._open()
            self._write(descriptor, pieces)
            os.fsync(descriptor)
            self._close()
            return self._digest.hexdigest()

    def drop(self) -> None:
        with self._lock:
            self._is_dropped = True
            self._close()
            self.path.unlink(missing_ok=True)

    def _open(self) -> int:
        if self._is_dropped:
            raise FileNotFoundError(f"{self.path} is not wanted any more")
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, _NEW, 0o600)
            except FileNotFoundError:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self.path, _NEW, 0o600)
        return self._descriptor

    def _write(self, descriptor: int, pieces: Sequence[bytes | bytearray]) -> None:
        for piece in pieces:
            self._digest.update(piece)
        left = [memoryview(piece) for piece in pieces]
        while left:
            written = os.writev(descriptor, left)
            while left and written >= len(left[0]):
                written -= len(left.pop(0))
            if written:
                left[0] = left[0][written:]

    def _close(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)


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
