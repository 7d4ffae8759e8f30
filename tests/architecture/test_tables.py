"""Every table says who owns it, how large it can become, and who deletes its rows."""

from __future__ import annotations

import ast
import re
import unittest
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.source import Module, dotted, modules, nodes

FIELDS = ("name", "owner", "sql", "bound", "reaper")
_CREATED = re.compile(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Declared:
    """One `Table(...)`; a field that is no plain text is empty."""

    module: Module
    line: int
    fields: dict[str, str]

    @property
    def where(self) -> str:
        """For complaints."""
        return f"{self.module.where}:{self.line} {self.fields.get('name', '?')}"


def _declared() -> Iterator[Declared]:
    for module in modules("homeserver"):
        if module.stem != "tables" and not module.stem.endswith("_tables"):
            continue
        for node in nodes(module):
            if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "Table":
                given = [
                    *zip(FIELDS, node.args, strict=False),
                    *((each.arg or "", each.value) for each in node.keywords),
                ]
                texts = {field: _text(value) for field, value in given}
                yield Declared(module, node.lineno, texts)


def _text(node: ast.expr) -> str:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ""
    return value if isinstance(value, str) else ""


class TableTest(unittest.TestCase):
    """No table grows without anybody having thought about it."""

    def setUp(self) -> None:
        """Read all declarations."""
        self.tables = list(_declared())

    def test_every_table_declares_owner_bound_and_reaper(self) -> None:
        """None of the fields is missing or empty."""
        wrong = [
            f"{each.where}: {field}"
            for each in self.tables
            for field in FIELDS
            if not each.fields.get(field, "").strip()
        ]

        self.assertEqual(wrong, [])

    def test_the_owner_is_the_folder(self) -> None:
        """A table is declared by the part of the server that owns it."""
        wrong = [each.where for each in self.tables if each.fields["owner"] not in each.module.name.split(".")]

        self.assertEqual(wrong, [])

    def test_a_table_is_declared_once(self) -> None:
        """Under the name that its SQL creates."""
        names = Counter(each.fields["name"] for each in self.tables)

        self.assertEqual([name for name, count in names.items() if count > 1], [])
        self.assertEqual(
            [each.where for each in self.tables if _CREATED.findall(each.fields["sql"]) != [each.fields["name"]]], []
        )

    def test_only_declarations_create_tables(self) -> None:
        """A table made elsewhere would escape these tests."""
        wrong = [
            f"{module.where}:{node.lineno}"
            for module in modules("homeserver")
            if module.stem != "tables" and not module.stem.endswith("_tables") and "database" not in module.name
            for node in nodes(module)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CREATED.match(node.value.lstrip())
        ]
        self.assertEqual(wrong, [])
