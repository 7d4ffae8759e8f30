"""Only `queries*.py` holds SQL."""

from __future__ import annotations

import ast
import re
import unittest
from collections.abc import Iterator

from tests.architecture.source import Module, modules, nodes

_STATEMENT = re.compile(
    r"\s*(SELECT\s|INSERT\s+INTO\s|INSERT\s+OR\s|UPDATE\s+\w+\s+SET|DELETE\s+FROM\s|WITH\s+\w+.*\sAS\s*\()"
)


def _may_hold_sql(module: Module) -> bool:
    return "queries" in module.stem.split("_") or module.name.startswith("homeserver.database")


def _statements(module: Module) -> Iterator[ast.Constant]:
    for node in nodes(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _STATEMENT.match(node.value):
            yield node


class SqlTest(unittest.TestCase):
    """A table's readers and writers are found by looking into one kind of file."""

    def test_statements_stand_in_queries(self) -> None:
        """No other file of the server has a string that is a statement."""
        wrong = [
            f"{module.where}:{node.lineno} {str(node.value).split()[0]}"
            for module in modules("homeserver")
            if not _may_hold_sql(module)
            for node in _statements(module)
        ]
        self.assertEqual(wrong, [])

    def test_statements_are_recognised(self) -> None:
        """The test above can fail."""
        for text in (
            "SELECT 1",
            "\n  UPDATE rooms\n SET a = 1",
            "DELETE FROM rooms",
            "WITH x(a) AS (SELECT 1) SELECT a",
        ):
            self.assertIsNotNone(_STATEMENT.match(text), text)
        self.assertIsNone(_STATEMENT.match("Select a room"))
