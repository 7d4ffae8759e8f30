"""The pages of docs/features speak of tests that exist, and all of them are in the index."""

from __future__ import annotations

import ast
import re
import unittest
from functools import cache

from tests.architecture.source import ROOT, read

FOLDER = ROOT / "docs" / "features"
_TEST = re.compile(r"`(tests/[^`\s]*\.(?:py|ts|js)[^`\s]*)`")


@cache
def _names_in(file: str) -> frozenset[str]:
    """Every way to name what a file of tests holds: `name`, `Class`, `Class::name`; none if there is no such file.

    A class made of another one by a call, as `on_postgres` does, holds what that one holds.
    """
    if not file.endswith(".py") or not (ROOT / file).is_file():
        return frozenset()
    names: set[str] = set()
    for node in read(ROOT / file).tree.body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
            names |= {node.name, *inner, *(f"{node.name}::{each}" for each in inner)}
        elif (
            isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name)
        ):
            made, sources = node.targets[0].id, {each.id for each in node.value.args if isinstance(each, ast.Name)}
            held = {each.partition("::")[2] for each in names if each.partition("::")[0] in sources} - {""}
            names |= {made, *(f"{made}::{each}" for each in held)}
    return frozenset(names)


def _exists(test: str) -> bool:
    file, _, name = test.partition("::")
    return (ROOT / file).is_file() and (not name or name in _names_in(file))


class FeaturesTest(unittest.TestCase):
    """docs/features/*.md and the tests agree."""

    def test_named_tests_exist(self) -> None:
        """A page that names a test that is gone, or never was, proves nothing."""
        pages = {page.name: _TEST.findall(page.read_text(encoding="utf-8")) for page in FOLDER.glob("*.md")}

        self.assertTrue(pages)
        self.assertEqual([(page, test) for page, tests in pages.items() for test in tests if not _exists(test)], [])

    def test_every_page_names_tests(self) -> None:
        """The index apart, a page without one is only a claim."""
        silent = [
            page.name
            for page in FOLDER.glob("*.md")
            if page.name != "README.md" and not _TEST.search(page.read_text(encoding="utf-8"))
        ]

        self.assertEqual(silent, [])

    def test_the_index_lists_the_pages(self) -> None:
        """All that are there, and no others."""
        index = (FOLDER / "README.md").read_text(encoding="utf-8")
        listed = set(re.findall(r"^\| \[[\w.-]+\]\(([\w.-]+\.md)\)", index, re.MULTILINE))

        self.assertEqual(listed, {page.name for page in FOLDER.glob("*.md")} - {"README.md"})
