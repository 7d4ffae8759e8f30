"""What a place for contents does. Contents are named by their SHA-256: equal contents are one.

Two places do: a folder (`folder`), and a bucket that many machines share (`bucket`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

from homeserver.slices.media.records import About, Content


class Staged(Protocol):
    """A content that has come whole and lies under a temporary name on this machine."""

    @property
    def content(self) -> Content: ...

    async def keep(self) -> None:
        """Put it in its place, durably, unless an equal one is there. May be done again: another process may have
        removed what was there before."""

    async def drop(self) -> None:
        """The temporary file goes; what was kept stays. To be called in any case."""


class Contents(Protocol):
    """A place for contents."""

    async def open(self) -> None:
        """Make what is needed, durably. What is asked before works, too."""

    async def stage(self, chunks: AsyncIterator[bytes], most_bytes: int, *, keeps: bool = False) -> Staged:
        """Take what comes; 413 `M_TOO_LARGE` for more than so many bytes, and nothing is left of it. `keeps`: and put
        it in its place."""

    def read(self, sha256: str, start: int, length: int) -> AsyncIterator[bytes]:
        """A part of a content, in pieces; raises `OSError` where it is not there."""

    async def delete(self, sha256: str) -> None:
        """Forget a content, if it is there."""

    async def borrow(self, sha256: str) -> Path:
        """A file that holds the content, to be read; then `give_back` is called with it. Raises `OSError`."""

    async def give_back(self, path: Path) -> None:
        """A borrowed file is not needed any more."""

    async def link(self, content: Content, about: About) -> str | None:
        """A URL where anybody gets the content for a while, under this type and name; None where there is no such."""

    async def sweep(self, remove: Callable[[str], Awaitable[None]]) -> None:
        """Remove what was left under temporary names by processes that died. `remove` is called with the SHA-256 of
        each, to remove what was put in its place, if nothing has it."""

    def close(self) -> None:
        """End what it has running; may wait. Nothing may follow."""
