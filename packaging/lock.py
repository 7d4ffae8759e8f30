"""Writes requirements.txt and requirements-dev.txt from the versions installed in this Python environment.

    .venv/bin/python packaging/lock.py

The first holds what pyproject.toml's dependencies need, all the way down; the second, what its `dev` extra needs
besides.
"""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Write both files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = closure(project["dependencies"])
    dev = {name: pin for name, pin in closure(project["optional-dependencies"]["dev"]).items() if name not in runtime}
    _write("requirements.txt", "# What the server needs. Written by packaging/lock.py.", runtime)
    _write(
        "requirements-dev.txt", "# What ./check needs besides. Written by packaging/lock.py.\n-r requirements.txt", dev
    )


def closure(requirements: Iterable[str]) -> dict[str, str]:
    """`name==version` of everything that these requirements bring along, by normalised name."""
    pins: dict[str, str] = {}
    waiting = [Requirement(each) for each in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        found = importlib.metadata.distribution(requirement.name)
        pins[name] = f"{found.metadata['Name']}=={found.version}"
        for text in found.requires or []:
            needed = Requirement(text)
            extras = {"", *requirement.extras}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return pins


def _write(name: str, head: str, pins: dict[str, str]) -> None:
    lines = [head, *(pins[each] for each in sorted(pins))]
    (ROOT / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
