"""Temporary files: what comes is written there first; what a dead process left of them is removed."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from homeserver.protocol.errors import MatrixError
from homeserver.slices.media.growing_file import Buffers, GrowingFile, Settle
from homeserver.slices.media.records import Content

PIECE_BYTES = 128 * 1024
#: What comes waits for a thread until it is as much as this, as long as few come at once: every hop costs.
_LARGE_PIECE_BYTES = 1024 * 1024
_FEW = 16
#: A file that nobody has written to for so long belongs to a process that died.
_ABANDONED_S = 3600

Offload = Callable[..., "Deferred[Any]"]
"""Runs a plain function in a thread."""

Remove = Callable[[str], Awaitable[None]]
"""Remove the content of a SHA-256, if nothing has it."""


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
        self._buffers = Buffers()
        self._coming = 0

    def new_path(self) -> Path:
        """A name that nobody else uses."""
        return self._folder / secrets.token_hex(16)

    async def take(self, chunks: AsyncIterator[bytes], most_bytes: int, settle: Settle | None = None) -> StagedFile:
        """Write what comes, and bring it to disk; 413 `M_TOO_LARGE`. Nothing is left where that fails. `settle`: what
        is to be done with it then, in the same thread."""
        self._coming += 1
        buffer = self._buffers.take()
        file = GrowingFile(self.new_path(), buffer, _LARGE_PIECE_BYTES if self._coming <= _FEW else PIECE_BYTES)
        try:
            await self._fill(file, chunks, most_bytes)
            staged = StagedFile(file.path, Content(await self._offload(file.finish, settle), file.size_bytes))
        except BaseException:
            await self._offload(file.drop)
            raise
        finally:
            self._coming -= 1
        self._buffers.give_back(buffer)
        return staged

    async def drop(self, path: Path) -> None:
        """Remove a file, if it is there."""
        await self._offload(path.unlink, True)

    async def sweep(self, remove: Remove) -> None:
        """Remove what was abandoned; and, first, what may have been put in its place of it and not been written down.
        The temporary name goes last, so that this can be done again."""
        for path in await self._offload(_abandoned, self._folder):
            sha256 = await self._offload(_sha256, path)
            if sha256 is not None:
                await remove(sha256)
                await self.drop(path)

    async def _fill(self, file: GrowingFile, chunks: AsyncIterator[bytes], most_bytes: int) -> None:
        async for chunk in chunks:
            if file.size_bytes + len(chunk) > most_bytes:
                raise MatrixError(413, "M_TOO_LARGE", f"More than {most_bytes} bytes.")
            left = file.fill(memoryview(chunk))
            while left:
                await self._offload(file.flush)
                left = file.fill(left)


def _abandoned(folder: Path) -> list[Path]:
    before = time.time() - _ABANDONED_S
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                found.append(path)
    return found


def _sha256(path: Path) -> str | None:
    """None where another has removed the file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
