"""What a command has to show, before it is known whether it goes to a pipe or to a terminal with colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cmdclient.client import Exchange


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, all of the same length; `headers` of that length, or none."""

    rows: Sequence[Sequence[str]]
    headers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Json:
    """JSON for people: indented, secrets masked."""

    value: Any


@dataclass(frozen=True, slots=True)
class EventView:
    """An event in the client format; with `room_label`, where it was."""

    event: dict[str, Any]
    room_label: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of an image, and what stands there where pictures cannot be shown."""

    content: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """A request and its answer as they went over the wire, secrets masked."""

    exchange: Exchange


View = str | Table | Json | EventView | ExchangeView | Picture
"""A text is one or more lines, which the one that made it has already cleared of control characters of others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say: `data` with --json, else `view`."""

    data: Any
    view: Sequence[View] = ()
