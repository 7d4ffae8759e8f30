"""Contents as files in a folder, named by their SHA-256."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path

from homeserver.slices.media.contents import Staged
from homeserver.slices.media.records import About, Content
from homeserver.slices.media.staging import PIECE_BYTES, Offload, Remove, StagedFile, StagingFolder

#: Read at once as long as few read: every hop to a thread costs.
_LARGE_PIECE_BYTES = 512 * 1024
_FEW = 16


class FolderContents:
    """A folder on this machine. A file is written under a temporary name, brought to disk, and then linked to its
    own, in one of sixteen folders: file systems find one of many names, but slow down where all write to one folder."""

    def __init__(self, folder: Path, offload: Offload) -> None:
        self._folder = folder
        self._offload = offload
        self._readers = 0
        self._staging = StagingFolder(folder / "tmp", offload)

    async def open(self) -> None:
        """See `Contents`: makes the folders, so that no upload has to."""
        await self._offload(_make_folders, self._folder)

    async def stage(self, chunks: AsyncIterator[bytes], most_bytes: int, *, keeps: bool = False) -> Staged:
        """See `Contents`."""
        return _StagedHere(self, await self._staging.take(chunks, most_bytes, self._settle if keeps else None))

    async def keep(self, staged: StagedFile) -> None:
        """Give a temporary file its place."""
        await self._offload(self._settle, staged.path, staged.content.sha256)

    async def drop(self, staged: StagedFile) -> None:
        """Its temporary name goes."""
        await self._staging.drop(staged.path)

    async def read(self, sha256: str, start: int, length: int) -> AsyncIterator[bytes]:
        """See `Contents`."""
        self._readers += 1
        file: FileIO | None = None
        try:
            file, piece = await self._offload(_opened, self._path(sha256), start, self._piece_bytes(length))
            while piece:
                length -= len(piece)
                yield piece
                if length <= 0:
                    return
                piece = await self._offload(file.read, self._piece_bytes(length))
        finally:
            self._readers -= 1
            if file is not None:
                file.close()

    def _piece_bytes(self, length: int) -> int:
        return min(length, _LARGE_PIECE_BYTES if self._readers <= _FEW else PIECE_BYTES)

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

    async def sweep(self, remove: Remove) -> None:
        """See `Contents`."""
        await self._staging.sweep(remove)

    def close(self) -> None:
        """See `Contents`: nothing runs."""

    def _settle(self, temporary: Path, sha256: str) -> None:
        _settle(temporary, self._path(sha256), self._staging.new_path())

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[0] / sha256


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


def _opened(path: Path, start: int, length: int) -> tuple[FileIO, bytes]:
    """The file and its first piece."""
    file = path.open("rb", buffering=0)
    file.seek(start)
    return file, file.read(length)


def _make_folders(folder: Path) -> None:
    missing = [folder / one for one in "0123456789abcdef" if not (folder / one).is_dir()]
    for one in missing:
        one.mkdir(parents=True, exist_ok=True)
    if missing:
        _sync(folder)


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
