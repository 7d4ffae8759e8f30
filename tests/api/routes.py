"""Every route of the server, as its endpoints declare them, with the example that the specification has for each."""

from __future__ import annotations

import importlib
import json
import pkgutil
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import homeserver

#: "METHOD path" to `query` (the names of its arguments) and `body` (an example), from the OpenAPI files of the
#: specification (matrix-org/matrix-spec, data/api; Apache License 2.0).
SAMPLES = Path(__file__).with_name("samples.json")


@dataclass(frozen=True)
class Route:
    """A method and a path with `{variables}`; `access` is the word of `homeserver.http.routing.Access`."""

    method: str
    path: str
    access: str
    query: tuple[str, ...] = ()
    body: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_for_clients(self) -> bool:
        """Whether browsers may call it."""
        return self.path.startswith(("/_matrix/client/", "/_matrix/media/"))


@cache
def all_routes() -> list[Route]:
    """Whatever a module of endpoints declares."""
    samples = json.loads(SAMPLES.read_text())
    routes = set()
    for found in pkgutil.walk_packages(homeserver.__path__, "homeserver."):
        name = found.name.rpartition(".")[2]
        if "endpoints" not in name and found.name != "homeserver.http.metrics":
            continue
        for owner in vars(importlib.import_module(found.name)).values():
            if isinstance(owner, type):
                routes |= _routes_of(owner, samples)
    return sorted(routes, key=str)


def _routes_of(owner: type, samples: dict[str, Any]) -> set[Route]:
    marked = [mark for method in vars(owner).values() for mark in getattr(method, "_routes", ())]
    found = set()
    for methods, paths, options in marked:
        for method in methods:
            for path in paths:
                sample = samples.get(f"{method} {path}", {})
                query, body = tuple(sample.get("query", ())), sample.get("body", {})
                found.add(Route(method, path, options.access.value, query, body if isinstance(body, dict) else {}))
    return found
