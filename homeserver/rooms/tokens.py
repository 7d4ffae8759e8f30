"""Pagination tokens: a place in a room's history, or a position of the whole server.

`t<depth>_<event number>` points into one room; `s<position>` (a sync token, whatever follows it) into all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from homeserver.protocol.errors import invalid_param

_PLACE = re.compile(r"t(\d{1,18})_(\d{1,18})\Z")
_POSITION = re.compile(r"s(\d{1,18})(?:_[\d_]*)?\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Between two events of a room: before the event with this depth and number."""

    depth: int
    event_nid: int


@dataclass(frozen=True, slots=True)
class PlaceToken:
    """Exactly one of `place` and `position` is set."""

    place: Place | None = None
    position: int | None = None

    def __str__(self) -> str:
        if self.place is not None:
            return f"t{self.place.depth}_{self.place.event_nid}"
        return f"s{self.position}"


def parse_token(text: str) -> PlaceToken:
    """Read a token; raises `MatrixError` 400 `M_INVALID_PARAM`."""
    if match := _PLACE.match(text):
        return PlaceToken(place=Place(int(match[1]), int(match[2])))
    if match := _POSITION.match(text):
        return PlaceToken(position=int(match[1]))
    raise invalid_param("This is no token of this server.")
