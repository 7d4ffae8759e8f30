"""What is wrong, and what is worth a warning, in a configuration."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ConfigError(Exception):
    """The configuration cannot be used; `problems` has one sentence for each thing that is wrong."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Findings:
    """Collects problems and warnings, so that one start names all of them."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def note_wrong(self, path: str, found: str, allowed: str) -> None:
        """A key whose value cannot be used."""
        self.problems.append(f"{path}: found {found}; allowed is {allowed}")

    def note_missing(self, path: str, allowed: str) -> None:
        """A key that has to be there."""
        self.problems.append(f"{path}: found nothing, but it is needed; allowed is {allowed}")

    def note_unknown(self, path: str, key: str, known: Iterable[str]) -> None:
        """A key that nobody reads, with the known key it looks most like."""
        names = sorted(known)
        nearest = difflib.get_close_matches(key, names, n=1, cutoff=0.6)
        if nearest:
            self.problems.append(f"{path}: no such key; the nearest known key is {nearest[0]!r}")
        elif len(names) <= 12:
            self.problems.append(f"{path}: no such key; known keys here are {', '.join(names)}")
        else:
            self.problems.append(f"{path}: no such key, and none that is known looks like it (see docs/operations.md)")

    def note_ignored(self, path: str) -> None:
        """A key of Synapse's that has no meaning here."""
        self.warnings.append(f"{path}: a setting of Synapse's that means nothing to Hearth; it is ignored")

    def raise_if_wrong(self) -> None:
        """Raises ConfigError if there is any problem."""
        if self.problems:
            raise ConfigError(self.problems)
