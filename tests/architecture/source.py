"""The project's Python files as syntax trees, for tests about the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, eq=False)
class Module:
    """One file. `name` is its dotted name, a package's without `__init__`."""

    path: Path
    name: str
    tree: ast.Module
    lines: int

    @property
    def stem(self) -> str:
        """The file's name without its extension."""
        return self.path.stem

    @property
    def where(self) -> str:
        """The path from the top of the project."""
        return self.path.relative_to(ROOT).as_posix()


@cache
def modules(*tops: str) -> tuple[Module, ...]:
    """Every module below these top folders."""
    return tuple(read(path) for top in tops for path in sorted((ROOT / top).rglob("*.py")))


def read(path: Path) -> Module:
    """One file."""
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(path, name, ast.parse(text), text.count("\n") + 1)


@cache
def nodes(module: Module) -> tuple[ast.AST, ...]:
    """Everything in the tree."""
    return tuple(ast.walk(module.tree))


@cache
def imported_modules(module: Module) -> set[str]:
    """The dotted names of what a module imports, anywhere in it: `from a.b import c` gives `a.b.c` and `a.b`."""
    found: set[str] = set()
    for node in nodes(module):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node)
            found.add(source)
            found.update(f"{source}.{alias.name}" for alias in node.names)
    return found


@cache
def imported_from(module: Module) -> dict[str, str]:
    """For each name that an import binds, the dotted name that it stands for."""
    found: dict[str, str] = {}
    for node in nodes(module):
        if isinstance(node, ast.Import):
            found.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node)
            found.update({alias.asname or alias.name: f"{source}.{alias.name}" for alias in node.names})
    return found


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    if module.stem != "__init__":
        package = package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, node.module] if node.module else package)


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    for node in nodes(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def classes(module: Module) -> Iterator[ast.ClassDef]:
    """Every class."""
    for node in nodes(module):
        if isinstance(node, ast.ClassDef):
            yield node


def dotted(node: ast.expr) -> str:
    """`a.b` of an expression that is a dotted name (a subscript such as `Generic[T]` left away), or an empty text."""
    if isinstance(node, ast.Subscript):
        return dotted(node.value)
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""
