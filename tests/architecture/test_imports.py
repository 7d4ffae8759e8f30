"""Imports point inward only: protocol, infrastructure, kernel, slices, sync and federation, wiring."""

from __future__ import annotations

import unittest

from tests.architecture.source import Module, imported_modules, modules

KERNEL = ("rooms", "accounts", "devices", "profiles")
INFRASTRUCTURE = ("database", "cluster", "http")
#: The outermost ring: it makes, configures and runs all the others.
OUTERMOST = ("wiring", "commands", "logs", "__main__")
#: Small things that everybody is handed: even the protocol may name their types.
INNERMOST = ("clock", "due_work", "single_flight")
#: What each part may import besides itself; slices are `slices` here.
ALLOWED: dict[str, tuple[str, ...]] = {
    "clock": (),
    "due_work": (),
    "single_flight": (),
    "processes": (),
    "protocol": (),
    "database": ("protocol",),
    "http": ("protocol",),
    "cluster": ("protocol", "database"),
    "config": ("protocol",),
    **dict.fromkeys(KERNEL, ("protocol", "config", *INFRASTRUCTURE, *KERNEL)),
    "slices": ("protocol", "config", *INFRASTRUCTURE, *KERNEL),
    "sync": ("protocol", "config", *INFRASTRUCTURE, *KERNEL),
    "federation": ("protocol", "config", *INFRASTRUCTURE, *KERNEL),
}
#: The clock, randomness, input and output, threads, the reactor and SQL.
IMPURE = frozenset(
    (
        *("asyncio", "concurrent", "datetime", "http", "io", "logging", "multiprocessing", "os", "pathlib", "psycopg"),
        *("queue", "random", "requests", "secrets", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl"),
        *("subprocess", "tempfile", "threading", "time", "treq", "twisted", "urllib.request"),
    )
)


def _part(name: str) -> str:
    """`rooms` of `homeserver.rooms.service`."""
    pieces = name.split(".")
    return pieces[1] if len(pieces) > 1 else ""


def _slice(name: str) -> str:
    """`receipts` of `homeserver.slices.receipts.service`."""
    pieces = name.split(".")
    return pieces[2] if len(pieces) > 2 and pieces[1] == "slices" else ""


def _own_imports(module: Module) -> set[str]:
    parts = {each.name for each in modules("homeserver")}
    return {name for name in imported_modules(module) if name in parts and name != "homeserver"}


class ImportTest(unittest.TestCase):
    """The rings, as docs/architecture.md has them."""

    def test_every_part_has_its_place(self) -> None:
        """A new top-level part of the server is given its ring here."""
        parts = {_part(module.name) for module in modules("homeserver")} - {""}

        self.assertLessEqual(parts, {*ALLOWED, *OUTERMOST})

    def test_imports_point_inward(self) -> None:
        """No part imports a part of an outer ring."""
        wrong = [
            f"{module.where} imports {name}"
            for module in modules("homeserver")
            for name in sorted(_own_imports(module))
            if _part(module.name) in ALLOWED
            and _part(name) not in (_part(module.name), *INNERMOST, *ALLOWED[_part(module.name)])
        ]
        self.assertEqual(wrong, [])

    def test_slices_do_not_know_each_other(self) -> None:
        """A slice can be deleted without touching another."""
        wrong = [
            f"{module.where} imports {name}"
            for module in modules("homeserver")
            for name in sorted(_own_imports(module))
            if _slice(module.name) and _slice(name) not in ("", _slice(module.name))
        ]
        self.assertEqual(wrong, [])

    def test_the_protocol_is_pure(self) -> None:
        """`homeserver.protocol` computes; it does not read, wait, guess or look at the clock."""
        wrong = [
            f"{module.where} imports {name}"
            for module in modules("homeserver/protocol")
            for name in sorted(imported_modules(module))
            if name in IMPURE or name.partition(".")[0] in IMPURE
        ]
        self.assertEqual(wrong, [])

    def test_only_endpoints_know_http(self) -> None:
        """What comes in is unpacked at the edge; everything behind it takes values."""
        wrong = [
            f"{module.where} imports {name}"
            for module in modules("homeserver")
            for name in sorted(_own_imports(module))
            if name.startswith("homeserver.http") and not _may_import_http(module, name)
        ]
        self.assertEqual(wrong, [])

    def test_the_command_line_client_knows_the_protocol_only(self) -> None:
        """`cmdclient` is a client like any other."""
        wrong = [
            f"{module.where} imports {name}"
            for module in modules("cmdclient")
            for name in sorted(imported_modules(module))
            if name.partition(".")[0] == "homeserver"
            and name != "homeserver"
            and not f"{name}.".startswith("homeserver.protocol.")
        ]
        self.assertEqual(wrong, [])


def _may_import_http(module: Module, name: str) -> bool:
    if _part(module.name) in ("http", *OUTERMOST) or "authentication" in module.stem:
        return True
    if "endpoints" in module.stem.split("_") or module.name == "homeserver.federation.key_server":
        return True
    # The way out, unlike the way in, is open to whoever is handed it.
    return name.startswith(("homeserver.http.egress", "homeserver.http.headers")) or name == "homeserver.http"
