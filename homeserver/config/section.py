"""Reads one mapping of the configuration key by key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from homeserver.config.findings import Findings
from homeserver.config.kinds import PATH, SECRET, Kind, WrongEntry, list_of, type_name

T = TypeVar("T")


class Section:
    """One mapping and its place in the file (`rc_login.address`).

    Each reading notes its key as known; what no one has read when `finish` is called is unknown. A wrong value becomes
    a problem in `findings`, and the reading returns the default, so that one start finds all problems.
    """

    def __init__(self, values: Mapping[str, object], findings: Findings, path: str = "") -> None:
        self._values = values
        self._path = path
        self._known: set[str] = set()
        self.findings = findings

    @property
    def known(self) -> frozenset[str]:
        """The keys that were read."""
        return frozenset(self._known)

    def path(self, key: object) -> str:
        """The full path of a key of this section."""
        return f"{self._path}.{key}" if self._path else str(key)

    def has(self, key: str) -> bool:
        """Whether the key is there and not empty (`key:` alone counts as not there)."""
        self._known.add(key)
        return self._values.get(key) is not None

    def find(self, key: str, kind: Kind[T]) -> T | None:
        """The value, or None where there is none (or a wrong one)."""
        if not self.has(key):
            return None
        value = self._values[key]
        try:
            return kind.parse(value)
        except WrongEntry as wrong:
            path = f"{self.path(key)}[{wrong.position}]"
            self.findings.note_wrong(path, wrong.kind.found(wrong.value), wrong.kind.allowed)
        except (ValueError, TypeError):
            self.findings.note_wrong(self.path(key), kind.found(value), kind.allowed)
        return None

    def read(self, key: str, kind: Kind[T], default: T) -> T:
        """The value, or the default where there is none."""
        found = self.find(key, kind)
        return default if found is None else found

    def require(self, key: str, kind: Kind[T], blank: T) -> T:
        """The value; a problem where there is none, with `blank` to go on with."""
        if not self.has(key):
            self.findings.note_missing(self.path(key), kind.allowed)
        return self.read(key, kind, blank)

    def secret(self, key: str) -> str | None:
        """A secret, from the key itself or from the file that `<key>_path` names."""
        path = self.find(f"{key}_path", PATH)
        inline = self.find(key, SECRET)
        if path is None:
            return inline
        if inline is not None:
            self.findings.note_wrong(self.path(f"{key}_path"), f"beside {self.path(key)}", "only one of the two")
        return self._first_line(key, path)

    def _first_line(self, key: str, path: Path) -> str | None:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            self.findings.note_wrong(self.path(f"{key}_path"), f"{str(path)!r} ({reason})", "a readable text file")
            return None
        if not text:
            self.findings.note_wrong(self.path(f"{key}_path"), f"{str(path)!r} (empty)", "a file that holds the secret")
        return text or None

    def section(self, key: str) -> Section:
        """The mapping below a key; an empty one where there is none."""
        value = self._values[key] if self.has(key) else {}
        if not isinstance(value, dict):
            self.findings.note_wrong(self.path(key), type_name(value), "a section (indented keys)")
            value = {}
        return Section(value, self.findings, self.path(key))

    def sections(self, key: str) -> list[Section]:
        """The mappings of the list below a key."""
        value = self._values[key] if self.has(key) else []
        if not isinstance(value, list):
            self.findings.note_wrong(self.path(key), type_name(value), "a list of sections")
            value = []
        found = []
        for position, each in enumerate(value):
            path = f"{self.path(key)}[{position}]"
            if isinstance(each, dict):
                found.append(Section(each, self.findings, path))
            else:
                self.findings.note_wrong(path, type_name(each), "a section (indented keys)")
        return found

    def paths(self, key: str) -> tuple[Path, ...]:
        """A list of files, each of which must be readable."""
        found = self.read(key, list_of(PATH), ())
        for path in found:
            if not path.is_file():
                self.findings.note_wrong(self.path(key), f"{str(path)!r}, which is not there", "a list of files")
        return found

    def names(self) -> list[str]:
        """Every key; they count as known (for mappings whose keys are names, not settings)."""
        names = [str(key) for key in self._values]
        self._known.update(names)
        return names

    def ignore(self, *keys: str) -> None:
        """Keys of Synapse's that have no meaning here: each that is there gives a warning."""
        for key in keys:
            if key in self._values and key not in self._known:
                self.findings.note_ignored(self.path(key))
                self._values = {name: value for name, value in self._values.items() if name != key}

    def finish(self) -> None:
        """Complain about every key that was not read."""
        for key in self._values:
            if key not in self._known:
                self.findings.note_unknown(self.path(key), str(key), self._known)
