"""Sync tokens: one position of the server, and a serial for what is never stored (typing, presence)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from homeserver.protocol.errors import invalid_param

_TOKEN = re.compile(r"s(\d{1,18})_(\d{1,18})(?:_(\d{1,18}))?\Z")


@dataclass(frozen=True, slots=True)
class SyncToken:
    """`position`: everything committed up to it was seen. `volatile`: likewise for typing and presence. `to_device`:
    up to where messages to the device were seen, when there were too many for one answer; else None."""

    position: int
    volatile: int
    to_device: int | None = None

    @property
    def places(self) -> tuple[int, int]:
        """(`position`, `volatile`)."""
        return self.position, self.volatile

    def __str__(self) -> str:
        text = f"s{self.position}_{self.volatile}"
        return text if self.to_device is None else f"{text}_{self.to_device}"


def parse_sync_token(text: str) -> SyncToken:
    """Read a `since` argument; raises `MatrixError` 400 `M_INVALID_PARAM`."""
    match = _TOKEN.match(text)
    if match is None:
        raise invalid_param("since: this is no token of this server.")
    return SyncToken(int(match[1]), int(match[2]), None if match[3] is None else int(match[3]))
