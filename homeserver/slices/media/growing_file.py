"""A temporary file while it is written, and the memory that it is written from.

What comes is copied once, to where the disk takes it from: the kernel's cache, which costs as much as all else of an
upload, is left to files that somebody reads.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
#: Past the kernel's cache, where the system knows that.
_DIRECT: int = getattr(os, "O_DIRECT", 0)
#: What such writes are a multiple of; they begin at the beginning of a page.
_BLOCK_BYTES = 4096
#: Smaller files are for the cache.
_LEAST_DIRECT_BYTES = 128 * 1024
_BUFFER_BYTES = 1024 * 1024
_MOST_SPARE = 16

Settle = Callable[[Path, str], None]
"""In a thread: give a temporary file the place of its SHA-256."""


class Buffers:
    """Memory to fill. A few pieces are kept for who comes next."""

    def __init__(self) -> None:
        self._spare: list[mmap.mmap] = []

    def take(self) -> mmap.mmap:
        """A piece that nobody else uses. What is never filled of it takes no memory."""
        if self._spare:
            return self._spare.pop()
        return mmap.mmap(-1, _BUFFER_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def give_back(self, buffer: mmap.mmap) -> None:
        """Nobody uses it any more."""
        if len(self._spare) < _MOST_SPARE:
            self._spare.append(buffer)


class GrowingFile:
    """A file that is made with its first bytes and that only this user reads. All but `fill` is for threads: who gives
    up does not wait for what is being written, so dropping it does; and nothing is written to a descriptor that is
    closed."""

    def __init__(self, path: Path, buffer: mmap.mmap, most_filled_bytes: int) -> None:
        self.path = path
        self.size_bytes = 0
        self._buffer = buffer
        self._room_bytes = min(most_filled_bytes, len(buffer))
        self._filled = 0
        self._descriptor: int | None = None
        self._is_direct = False
        self._digest = hashlib.sha256()
        self._lock = Lock()
        self._is_dropped = False

    def fill(self, chunk: memoryview) -> memoryview:
        """Take of a chunk what there is room for; the rest, for which there is room after `flush`."""
        taken = min(len(chunk), self._room_bytes - self._filled)
        self._buffer[self._filled : self._filled + taken] = chunk[:taken]
        self._filled += taken
        self.size_bytes += taken
        return chunk[taken:]

    def flush(self) -> None:
        """Write what was filled in, which is all that there is room for."""
        with self._lock:
            self._write(self._opened())

    def finish(self, settle: Settle | None) -> str:
        """There is no more: bring all to disk, and have it settled; the SHA-256."""
        with self._lock:
            descriptor = self._opened()
            self._write(descriptor)
            os.fsync(descriptor)
            self._close()
            sha256 = self._digest.hexdigest()
            if settle is not None:
                settle(self.path, sha256)
            return sha256

    def drop(self) -> None:
        """It is not wanted."""
        with self._lock:
            self._is_dropped = True
            self._close()
            self.path.unlink(missing_ok=True)

    def _opened(self) -> int:
        if self._is_dropped:
            raise FileNotFoundError(f"{self.path} is not wanted any more")
        if self._descriptor is None:
            self._is_direct = bool(_DIRECT) and self._filled >= _LEAST_DIRECT_BYTES
            try:
                self._descriptor = self._create()
            except FileNotFoundError:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = self._create()
        return self._descriptor

    def _create(self) -> int:
        if self._is_direct:
            try:
                return os.open(self.path, _NEW | _DIRECT, 0o600)
            except OSError as error:
                # Not every file system can; some find out when they have made the file.
                if error.errno != errno.EINVAL:
                    raise
                self._is_direct = False
                self.path.unlink(missing_ok=True)
        return os.open(self.path, _NEW, 0o600)

    def _write(self, descriptor: int) -> None:
        filled, self._filled = self._filled, 0
        with memoryview(self._buffer)[:filled] as left:
            self._digest.update(left)
            done = self._write_direct(descriptor, left) if self._is_direct else 0
            while done < filled:
                done += os.write(descriptor, left[done:])

    def _write_direct(self, descriptor: int, filled: memoryview) -> int:
        """How many bytes could be written past the cache; the next are for the cache, where there are more."""
        done, blocks = 0, len(filled) - len(filled) % _BLOCK_BYTES
        try:
            while done < blocks:
                done += os.write(descriptor, filled[done:blocks])
        except OSError as error:
            # A disk of larger blocks.
            if error.errno != errno.EINVAL:
                raise
        if done < len(filled):
            self._is_direct = False
            fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) & ~_DIRECT)
        return done

    def _close(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)
