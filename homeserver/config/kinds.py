"""The kinds of value a key may have: how each is checked, and how a complaint describes what is allowed."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from homeserver.config import quantities
from homeserver.protocol.ids import is_valid_server_name
from homeserver.protocol.room_versions import ROOM_VERSIONS

T = TypeVar("T")

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """`parse` returns the value or raises ValueError; `allowed` finishes the sentence "allowed is ...".

    The value of a secret kind is never shown.
    """

    parse: Callable[[object], T]
    allowed: str
    is_secret: bool = False

    def found(self, value: object) -> str:
        """How a complaint names a value that was found."""
        if self.is_secret:
            return f"{type_name(value)} (not shown: this is a secret)"
        if isinstance(value, (dict, list)):
            return type_name(value)
        shown = repr(value)
        return shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "..."


def type_name(value: object) -> str:
    """How a complaint names the kind of a value."""
    if value is None:
        return "nothing"
    names = {dict: "a section", list: "a list", str: "a text", bool: "true or false", int: "a number"}
    return names.get(type(value), type(value).__name__)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError
    return float(value)


def _path(value: object) -> Path:
    return Path(_text(value)).expanduser().absolute()


def _address_range(value: object) -> str:
    return str(ipaddress.ip_network(_text(value), strict=False))


def _web_address(value: object) -> str:
    text = _text(value)
    scheme, _, rest = text.partition("://")
    if scheme not in ("http", "https") or not rest or any(character.isspace() for character in text):
        raise ValueError
    return text


def _server_name(value: object) -> str:
    text = _text(value)
    if not is_valid_server_name(text):
        raise ValueError
    return text


def _port(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 65535:
        raise ValueError
    return value


def _room_version(value: object) -> str:
    text = str(value) if isinstance(value, int) else _text(value)
    if text not in ROOM_VERSIONS:
        raise ValueError
    return text


def _moment_ms(value: object) -> int:
    """YAML makes dates of what looks like one. Without a zone it is UTC."""
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    elif isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime.datetime):
        raise ValueError
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.UTC)
    return int(value.timestamp() * 1000)


def _free(value: object) -> object:
    return value


def integer(minimum: int = 0, maximum: int = 2**53 - 1) -> Kind[int]:
    """A whole number within bounds."""

    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise ValueError
        return value

    limit = f"from {minimum} to {maximum}" if maximum < 2**53 - 1 else f"of at least {minimum}"
    return Kind(parse, f"a whole number {limit}")


def choice(*names: str) -> Kind[str]:
    """One of a few words."""

    def parse(value: object) -> str:
        word = value if isinstance(value, str) else str(value)
        if word not in names:
            raise ValueError
        return word

    return Kind(parse, f"one of {', '.join(names)}")


class WrongEntry(ValueError):
    """One entry of a list is wrong."""

    def __init__(self, position: int, value: object, kind: Kind[Any]) -> None:
        super().__init__(position)
        self.position = position
        self.value = value
        self.kind = kind


def list_of(kind: Kind[T]) -> Kind[tuple[T, ...]]:
    """A list of one kind."""

    def parse(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise ValueError
        return tuple(_entry(kind, position, each) for position, each in enumerate(value))

    return Kind(parse, f"a list, each entry {kind.allowed}", kind.is_secret)


def _entry(kind: Kind[T], position: int, value: object) -> T:
    try:
        return kind.parse(value)
    except (ValueError, TypeError):
        raise WrongEntry(position, value, kind) from None


def one_or_list_of(kind: Kind[T]) -> Kind[tuple[T, ...]]:
    """A list of one kind, or one of them alone."""
    many = list_of(kind)

    def parse(value: object) -> tuple[T, ...]:
        return many.parse(value) if isinstance(value, list) else (kind.parse(value),)

    return Kind(parse, f"{kind.allowed}, or a list of such", kind.is_secret)


TEXT = Kind(_text, "a text")
SECRET = Kind(_text, "a text", is_secret=True)
BOOLEAN = Kind(_boolean, "true or false")
NUMBER = Kind(_number, "a number that is not negative")
PATH = Kind(_path, "a path")
WEB_ADDRESS = Kind(_web_address, "a URL that begins with http:// or https://")
SERVER_NAME = Kind(_server_name, "a server name: a DNS name or an IP address, with or without :port")
ADDRESS_RANGE = Kind(_address_range, "an IP address or a range such as 10.0.0.0/8")
PORT = Kind(_port, "a port number from 0 to 65535")
ROOM_VERSION = Kind(_room_version, f"a room version: {', '.join(ROOM_VERSIONS)}")
SIZE_BYTES = Kind(quantities.size_bytes, "a size: a number of bytes, or a number with K, M, G or T")
DURATION_MS = Kind(
    quantities.duration_ms, "a duration: a number with s, m, h, d, w or y, or a plain number of milliseconds"
)
MOMENT_MS = Kind(_moment_ms, "a date, or a date with a time, such as 2026-11-24 or 2026-11-24T12:00:00Z")
TEXTS = list_of(TEXT)
ADDRESS_RANGES = list_of(ADDRESS_RANGE)
#: Passed on as it is; the slice that reads it knows its shape.
FREE = Kind(_free, "anything")
