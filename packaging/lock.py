"""Writes requirements.txt and requirements-dev.txt from the versions installed in this Python environment.

    .venv/bin/python packaging/lock.py

The first holds what pyproject.toml's dependencies need, all the way down; the second, what its `dev` extra needs
besides. packaging/requirements-hashed.txt is the first with the SHA-256 of each file that packages may be built from,
for each of PYTHONS and PROCESSORS; pip asks its index for them and downloads next to nothing.
"""

from __future__ import annotations

import importlib.metadata
import itertools
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
#: The Pythons of Debian 12 and 13, and the processors that packages are built for.
PYTHONS = ("3.11", "3.13")
PROCESSORS = ("x86_64", "aarch64")


def main() -> None:
    """Write both files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = closure(project["dependencies"])
    dev = {name: pin for name, pin in closure(project["optional-dependencies"]["dev"]).items() if name not in runtime}
    _write("requirements.txt", "# What the server needs. Written by packaging/lock.py.", runtime)
    _write(
        "requirements-dev.txt", "# What ./check needs besides. Written by packaging/lock.py.\n-r requirements.txt", dev
    )
    _write(
        "packaging/requirements-hashed.txt",
        "# What packages of the server are built from. Written by packaging/lock.py.",
        with_hashes(runtime),
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


def with_hashes(pins: dict[str, str]) -> dict[str, str]:
    """The pins with the hashes of their files, in pip's words."""
    found: dict[str, set[str]] = {}
    for python, processor in itertools.product(PYTHONS, PROCESSORS):
        for name, sha256 in _files_of(python, processor).items():
            found.setdefault(name, set()).add(sha256)
    return {
        name: " \\\n    ".join([pin, *(f"--hash=sha256:{sha256}" for sha256 in sorted(found[name]))])
        for name, pin in pins.items()
    }


def _files_of(python: str, processor: str) -> dict[str, str]:
    """The SHA-256 of the file that pip would install of each package in requirements.txt, by normalised name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
        command += ["--target", folder, "--report", str(report), "--prefer-binary", "--implementation", "cp"]
        command += ["--python-version", python, "-r", str(ROOT / "requirements.txt")]
        for glibc in ("2014", "_2_17", "_2_28", "_2_34"):
            command += ["--platform", f"manylinux{glibc}_{processor}"]
        subprocess.run(command, check=True)  # noqa: S603
        installed = json.loads(report.read_text(encoding="utf-8"))["install"]
    names = [re.sub(r"[-_.]+", "-", one["metadata"]["name"]).lower() for one in installed]
    files = [one["download_info"]["archive_info"]["hashes"]["sha256"] for one in installed]
    return dict(zip(names, files, strict=True))


def _write(name: str, head: str, pins: dict[str, str]) -> None:
    lines = [head, *(pins[each] for each in sorted(pins))]
    (ROOT / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
