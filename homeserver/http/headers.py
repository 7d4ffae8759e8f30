"""Header fields of a request, by name without regard to case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class Headers:
    """Header fields in the order they came. Names are given in any case; values are text (ISO 8859-1)."""

    __slots__ = ("_fields", "_more")

    def __init__(self, fields: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self._fields = {name.lower(): value for name, value in fields}
        self._more: list[tuple[bytes, bytes]] = []
        if len(self._fields) != len(fields):
            self._keep_first(fields)

    def _keep_first(self, fields: Sequence[tuple[bytes, bytes]]) -> None:
        self._fields = {}
        for name, value in fields:
            key = name.lower()
            if key in self._fields:
                self._more.append((key, value))
            else:
                self._fields[key] = value

    def find(self, name: str) -> str | None:
        """The first value, or None."""
        value = self._fields.get(name.lower().encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    def get(self, name: str, default: str = "") -> str:
        """The first value, or the default."""
        value = self.find(name)
        return default if value is None else value

    def all(self, name: str) -> list[str]:
        """Every value of the field, in order."""
        key = name.lower().encode("latin-1")
        first = self._fields.get(key)
        if first is None:
            return []
        return [first.decode("latin-1"), *(value.decode("latin-1") for other, value in self._more if other == key)]

    def raw(self, name: bytes) -> bytes | None:
        """The first value of a field whose name is given in lower case, as bytes."""
        return self._fields.get(name)

    def is_repeated(self, name: bytes) -> bool:
        """Whether a field (lower case name) came more than once."""
        return bool(self._more) and any(other == name for other, _ in self._more)

    def __contains__(self, name: str) -> bool:
        return name.lower().encode("latin-1") in self._fields

    def __len__(self) -> int:
        return len(self._fields) + len(self._more)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Pairs of lower-case name and value."""
        for name, value in (*self._fields.items(), *self._more):
            yield name.decode("latin-1"), value.decode("latin-1")
