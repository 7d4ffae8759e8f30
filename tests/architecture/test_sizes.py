"""Natural sizes: what is larger than this is more than one thing."""

from __future__ import annotations

import ast
import unittest

from tests.architecture.source import Module, classes, functions, modules, nodes

MOST_LINES_OF_FILE = 600
MOST_LINES_OF_FUNCTION = 60
MOST_PARAMETERS = 6
MOST_IMPORTS = 25
MOST_PUBLIC_METHODS = 15
#: A decorator whose options are given by name, as in a table.
MANY_PARAMETERS = frozenset(["homeserver.http.routing.route"])


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len(names[1:] if names[:1] in (["self"], ["cls"]) else names)


def _imports(module: Module) -> int:
    sources: set[str] = set()
    for node in nodes(module):
        if isinstance(node, ast.Import):
            sources.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            sources.add(f"{'.' * node.level}{node.module}")
    return len(sources)


def _public_methods(found: ast.ClassDef) -> int:
    """Methods that others call; names in camel case are Twisted's, called by it."""
    methods = [each for each in found.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return sum(not each.name.startswith("_") and each.name.islower() for each in methods)


class SizeTest(unittest.TestCase):
    """The limits at which to stop; docs/architecture.md has those to aim at."""

    def test_files(self) -> None:
        """No file has more than 600 lines."""
        wrong = [
            f"{module.where}: {module.lines} lines"
            for module in modules("homeserver", "cmdclient", "tests")
            if module.lines > MOST_LINES_OF_FILE
        ]
        self.assertEqual(wrong, [])

    def test_functions(self) -> None:
        """No function has more than 60 lines."""
        wrong = [
            f"{module.where}:{function.lineno} {function.name}: {lines} lines"
            for module in modules("homeserver", "cmdclient")
            for function in functions(module)
            if (lines := (function.end_lineno or 0) - function.lineno + 1) > MOST_LINES_OF_FUNCTION
        ]
        self.assertEqual(wrong, [])

    def test_parameters(self) -> None:
        """No function takes more than six parameters beside `self`."""
        wrong = [
            f"{module.where}:{function.lineno} {function.name}: {_parameters(function)} parameters"
            for module in modules("homeserver", "cmdclient")
            for function in functions(module)
            if _parameters(function) > MOST_PARAMETERS and f"{module.name}.{function.name}" not in MANY_PARAMETERS
        ]
        self.assertEqual(wrong, [])

    def test_imports(self) -> None:
        """No file imports from more than 25 modules, but the wiring."""
        wrong = [
            f"{module.where}: {_imports(module)} imports"
            for module in modules("homeserver", "cmdclient")
            if _imports(module) > MOST_IMPORTS and not module.name.startswith("homeserver.wiring")
        ]
        self.assertEqual(wrong, [])

    def test_public_methods(self) -> None:
        """No class but one of endpoints offers more than 15 methods."""
        wrong = [
            f"{module.where}:{found.lineno} {found.name}: {_public_methods(found)} public methods"
            for module in modules("homeserver", "cmdclient")
            if not module.stem.startswith("endpoints")
            for found in classes(module)
            if _public_methods(found) > MOST_PUBLIC_METHODS
        ]
        self.assertEqual(wrong, [])
