"""Every dependency is pinned, explained, and named without the place it comes from."""

from __future__ import annotations

import re
import tomllib
import unittest

from tests.architecture.source import ROOT


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(requirements: list[str]) -> set[str]:
    return {_normal(re.split(r"[\[=<>~! ;]", each, maxsplit=1)[0]) for each in requirements}


def _lines(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


class DependencyTest(unittest.TestCase):
    """pyproject.toml, the lock files and docs/dependencies.md agree."""

    def setUp(self) -> None:
        """Read what the project asks for."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        self.runtime = _names(project["dependencies"])
        self.dev = _names(project["optional-dependencies"]["dev"])

    def test_lock_files_hold_exact_versions(self) -> None:
        """Of everything, and nothing but names and versions."""
        runtime, dev = _lines("requirements.txt"), _lines("requirements-dev.txt")

        self.assertEqual(dev.pop(0), "-r requirements.txt")
        self.assertEqual([line for line in runtime + dev if not re.fullmatch(r"[\w.-]+==[\w.+]+", line)], [])
        self.assertLessEqual(self.runtime, _names(runtime))
        self.assertLessEqual(self.dev, _names(dev))

    def test_each_is_explained(self) -> None:
        """One line a dependency."""
        guide = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
        explained = {_normal(name) for name in re.findall(r"^\| ([\w-]+) \|", guide, re.MULTILINE)} - {"library"}

        self.assertEqual(explained, self.runtime | self.dev)
