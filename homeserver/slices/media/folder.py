"""Contents as files in a folder, named by their SHA-256."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path

from homeserver.slices.media.contents import Staged
from homeserver.slices.media.records import About, Content
from homeserver.slices.media.staging import PIECE_BYTES, Offload, StagedFile, StagingFolder


class FolderContents:
    """A folder on this machine. A file is written under a temporary name, brought to disk, and then linked to its
    own."""

    def __init__(self, folder: Path, offload: Offload) -> None:
        self._folder = folder
        self._offload = offload
        self._staging = StagingFolder(folder / "tmp", offload)

    async def stage(self, chunks: AsyncIterator[bytes], most_bytes: int) -> Staged:
        """See `Contents`."""
        return _StagedHere(self, await self._staging.take(chunks, most_bytes))

    async def keep(self, staged: StagedFile) -> None:
        """Give a temporary file its place."""
        await self._offload(_settle, staged.path, self._path(staged.content.sha256), self._staging.new_path())

    async def drop(self, staged: StagedFile) -> None:
        """Its temporary name goes."""
        await self._staging.drop(staged.path)

    async def read(self, sha256: str, start: int, length: int) -> AsyncIterator[bytes]:
        """See `Contents`."""
        file: FileIO = await self._offload(_opened, self._path(sha256), start)
        try:
            while length > 0:
                piece: bytes = await self._offload(file.read, min(length, PIECE_BYTES))
                if not piece:
                    return
                length -= len(piece)
                yield piece
        finally:
            file.close()

    async def delete(self, sha256: str) -> None:
        """See `Contents`."""
        await self._offload(self._path(sha256).unlink, True)

    async def borrow(self, sha256: str) -> Path:
        """See `Contents`: the file itself."""
        return self._path(sha256)

    async def give_back(self, path: Path) -> None:
        """See `Contents`: it stays."""

    async def link(self, content: Content, about: About) -> str | None:
        """See `Contents`: there is none."""
        return None

    async def sweep(self) -> None:
        """See `Contents`."""
        await self._staging.sweep()

    def close(self) -> None:
        """See `Contents`: nothing runs."""

    def _path(self, sha256: str) -> Path:
        """In one of 256 folders: a million files are four thousand in each, and few uploads have to make one."""
        return self._folder / sha256[:2] / sha256[2:]


class _StagedHere:
    def __init__(self, contents: FolderContents, file: StagedFile) -> None:
        self._contents = contents
        self._file = file

    @property
    def content(self) -> Content:
        return self._file.content

    async def keep(self) -> None:
        await self._contents.keep(self._file)

    async def drop(self) -> None:
        await self._contents.drop(self._file)


def _opened(path: Path, start: int) -> FileIO:
    file = path.open("rb", buffering=0)
    file.seek(start)
    return file


def _settle(temporary: Path, path: Path, spare: Path) -> None:
    try:
        is_new = _link(temporary, path, spare)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sync(path.parent.parent)
        is_new = _link(temporary, path, spare)
    if is_new:
        _sync(path.parent)


def _sync(folder: Path) -> None:
    """Bring to disk which names a folder has."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _link(temporary: Path, path: Path, spare: Path) -> bool:
    """Whether the file was not there; raises FileNotFoundError where its folder is not."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    except FileNotFoundError:
        raise
    except OSError:
        # Not every file system has links.
        _copy(temporary, spare)
        spare.replace(path)
    return True


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written)
        written.flush()
        os.fsync(written.fileno())
