"""The query string of a request."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from homeserver.protocol.errors import invalid_param, missing_param

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


class QueryArguments:
    """Arguments after the `?`, percent-decoded as UTF-8, in order; an argument may come several times.

    Raises `MatrixError` 400 `M_INVALID_PARAM` where a value does not decode or has the wrong form.
    """

    __slots__ = ("_values",)

    def __init__(self, raw: str = "") -> None:
        self._values: dict[str, list[str]] = {}
        for part in raw.split("&"):
            if part:
                name, _, value = part.partition("=")
                self._values.setdefault(_decoded(name), []).append(_decoded(value))

    def find(self, name: str) -> str | None:
        """The first value, or None."""
        values = self._values.get(name)
        return values[0] if values else None

    def first(self, name: str, default: str = "") -> str:
        """The first value, or the default."""
        values = self._values.get(name)
        return values[0] if values else default

    def required(self, name: str) -> str:
        """The first value; 400 `M_MISSING_PARAM` where there is none."""
        values = self._values.get(name)
        if not values:
            raise missing_param(f"Missing query parameter {name}.")
        return values[0]

    def all(self, name: str) -> list[str]:
        """Every value, in order."""
        return list(self._values.get(name, ()))

    def integer(self, name: str, default: int, minimum: int | None = None, maximum: int | None = None) -> int:
        """An integer: below the minimum is 400 `M_INVALID_PARAM`, above the maximum is the maximum."""
        value = self.find_integer(name, minimum)
        if value is None:
            return default
        return value if maximum is None else min(value, maximum)

    def find_integer(self, name: str, minimum: int | None = None) -> int | None:
        """An integer, or None where the argument is absent."""
        text = self.find(name)
        if text is None:
            return None
        if len(text) > 20 or not text.removeprefix("-").isdecimal() or not text.isascii():
            raise invalid_param(f"Query parameter {name} must be an integer.")
        value = int(text)
        if minimum is not None and value < minimum:
            raise invalid_param(f"Query parameter {name} must be at least {minimum}.")
        return value

    def boolean(self, name: str, default: bool = False) -> bool:
        """`true` or `false`."""
        text = self.find(name)
        if text is None:
            return default
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise invalid_param(f"Query parameter {name} must be true or false.")

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of a closed list of words."""
        text = self.first(name, default)
        if text not in allowed:
            raise invalid_param(f"Query parameter {name} must be one of {', '.join(allowed)}.")
        return text

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for name, values in self._values.items():
            for value in values:
                yield name, value


def _decoded(text: str) -> str:
    """Form decoding: `+` is a space, `%XX` bytes are UTF-8."""
    if "+" in text:
        text = text.replace("+", " ")
    if "%" in text:
        try:
            text = unquote_to_bytes(text).decode("utf-8")
        except UnicodeDecodeError:
            raise invalid_param("The query string is not UTF-8.") from None
        if "\x00" in text:
            raise invalid_param("The query string has a null character.")
    return text
