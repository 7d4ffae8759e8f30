"""What previews are made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

Properties = dict[str, Any]
"""A preview as clients get it: OpenGraph's properties (https://ogp.me/), and `matrix:image:size`."""


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """What a page says about itself. `images`: absolute URLs, best first. `oembed`: where more is said."""

    properties: Properties = field(default_factory=dict)
    images: tuple[str, ...] = ()
    oembed: str | None = None


class KeptImage(Protocol):
    """An image that was taken in."""

    @property
    def uri(self) -> str: ...

    @property
    def size_bytes(self) -> int: ...

    @property
    def content_type(self) -> str: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...


KeepImage = Callable[[AsyncIterator[bytes], int, int], Coroutine[Any, Any, KeptImage | None]]
"""(bytes, how many at most, until when in ms) to an image that others can download; None for what is no image. Raises
413 `M_TOO_LARGE`, and what reading the bytes raises."""


class Processes(Protocol):
    """Where pages are parsed."""

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns or raises, or `BrokenProcessPool` and `TimeoutError`."""


class NoPreview(Exception):
    """There can be none. The text is for the log: who asks is not told what is behind an address."""
