"""Words that say nothing are not used in names: handler, store, manager, util, helper, base."""

from __future__ import annotations

import ast
import re
import unittest
from collections.abc import Iterator

from tests.architecture.source import Module, modules, nodes

SINGULAR = ("handler", "store", "manager", "util", "helper", "base")
FORBIDDEN = frozenset((*SINGULAR, *(f"{word}s" for word in SINGULAR)))
_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*")


def words(name: str) -> list[str]:
    """`['media', 'store', 'path']` of `mediaStorePath` or `media_store_path`; `base64` is one word."""
    return [word.lower() for word in _WORD.findall(name)]


def _named(node: ast.AST) -> Iterator[str]:
    """The names that a node gives to something of ours."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.id if isinstance(node, ast.Name) else node.attr
    elif isinstance(node, ast.alias) and node.asname is not None:
        yield node.asname


def _all_named(module: Module) -> Iterator[tuple[int, str]]:
    yield 1, module.name.rpartition(".")[2]
    for node in nodes(module):
        for name in _named(node):
            yield getattr(node, "lineno", 1), name


class NameTest(unittest.TestCase):
    """Modules, classes, functions, parameters, variables and attributes."""

    def test_no_name_has_an_empty_word(self) -> None:
        """Such a word hides that nobody decided what the thing is."""
        wrong = [
            f"{module.where}:{line} {name}"
            for module in modules("homeserver", "cmdclient", "tests")
            for line, name in _all_named(module)
            if FORBIDDEN.intersection(words(name))
        ]
        self.assertEqual(wrong, [])

    def test_words(self) -> None:
        """Names are taken apart at underscores and capitals, not at digits."""
        self.assertEqual(words("_encodeBase64"), ["encode", "base64"])
        self.assertEqual(words("HTTPHandler"), ["http", "handler"])
        self.assertEqual(words("base_url"), ["base", "url"])
        self.assertEqual(words("restored_database"), ["restored", "database"])
