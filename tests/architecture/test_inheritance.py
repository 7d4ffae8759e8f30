"""Classes do not inherit, but from Protocol, Exception, TestCase and what libraries ask to be subclassed."""

from __future__ import annotations

import ast
import builtins
import unittest

from tests.architecture.source import Module, classes, dotted, imported_from, modules

#: Classes of libraries whose whole point is a subclass; `prefix.` stands for everything below.
ALLOWED = (
    "typing.Protocol",
    "typing.Generic",
    "typing.NamedTuple",
    "typing.TypedDict",
    "typing_extensions.TypedDict",
    "enum.",
    "msgspec.Struct",
    "unittest.TestCase",
    "twisted.",
    "zope.interface.",
    "logging.Filter",
    "prometheus_client.registry.Collector",
    "hypothesis.stateful.",
    "html.parser.HTMLParser",
    "prompt_toolkit.",
    "pyte.",
    "cmd.Cmd",
    # Servers and log outputs of tests.
    "http.server.",
    "logging.Handler",
)


def _full_name(module: Module, node: ast.expr) -> str:
    """The dotted name of what a class inherits from, imports resolved."""
    name = dotted(node)
    first, _, rest = name.partition(".")
    source = imported_from(module).get(name) or imported_from(module).get(first)
    if source is None:
        return name
    return source if name in imported_from(module) or not rest else f"{source}.{rest}"


def _is_allowed(name: str, ours: dict[str, list[str]], depth: int = 0) -> bool:
    """Whether a class may be inherited from: an exception, one of ALLOWED, or ours with only such above it."""
    found = getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, BaseException):
        return True
    if any(name == each or (each.endswith(".") and name.startswith(each)) for each in ALLOWED):
        return True
    above = ours.get(name) or next((up for full, up in ours.items() if full.rpartition(".")[2] == name), [])
    return depth < 5 and bool(above) and all(_is_allowed(each, ours, depth + 1) for each in above)


class InheritanceTest(unittest.TestCase):
    """Things are put together from parts they are given."""

    def test_what_classes_inherit_from(self) -> None:
        """Every class between the angle brackets of `class X(...)` is one that may stand there."""
        every = modules("homeserver", "cmdclient", "tests")
        ours = {
            f"{module.name}.{found.name}": [_full_name(module, each) for each in found.bases]
            for module in every
            for found in classes(module)
        }
        wrong = [
            f"{module.where}:{found.lineno} {found.name} inherits from {name}"
            for module in every
            for found in classes(module)
            for name in (_full_name(module, each) for each in found.bases)
            if not _is_allowed(name, ours)
        ]
        self.assertEqual(wrong, [])
