"""Paths to targets: a tree of path segments."""

from __future__ import annotations

from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from homeserver.protocol.errors import invalid_param

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("literals", "targets", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = {}
        self.variable: _Node[T] | None = None
        # By method: the target, and the names of the path's variables in order.
        self.targets: dict[str, tuple[T, tuple[str, ...]]] = {}


class MethodNotAllowed(Exception):
    """The path is known, the method is not. `allowed`: the methods that are, sorted."""

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(", ".join(allowed))
        self.allowed = allowed


class RouteTable(Generic[T]):
    """Finds the target of a method and a path. A literal segment wins over a variable."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._literal_paths: dict[tuple[str, str], T] = {}

    def add(self, method: str, path: str, target: T) -> None:
        """Add a path with `{name}` segments; raises ValueError where method and path have a target already."""
        if not path.startswith("/"):
            raise ValueError(f"a path starts with a slash: {path}")
        node = self._root
        names: list[str] = []
        for segment in path.split("/")[1:]:
            if segment.startswith("{") and segment.endswith("}"):
                names.append(segment[1:-1])
                if node.variable is None:
                    node.variable = _Node()
                node = node.variable
            elif "{" in segment:
                raise ValueError(f"a variable is a whole segment: {path}")
            else:
                node = node.literals.setdefault(segment, _Node())
        if method in node.targets:
            raise ValueError(f"two routes for {method} {path}")
        node.targets[method] = (target, tuple(names))
        if not names:
            self._literal_paths[method, path] = target

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """The target and the path's variables, percent-decoded as UTF-8; None for an unknown path.

        Raises `MethodNotAllowed`, and `MatrixError` 400 `M_INVALID_PARAM` for a segment that does not decode.
        """
        literal = self._literal_paths.get((method, path))
        if literal is not None:
            return literal, {}
        segments = path.split("/")
        if "%" in path:
            # Split first: an encoded slash stays inside its segment.
            segments = [_decoded(segment) if "%" in segment else segment for segment in segments]
        values: list[str] = []
        allowed: set[str] = set()
        found = self._walk(self._root, segments, 1, method, (values, allowed))
        if found is not None:
            return found[0], dict(zip(found[1], values, strict=True))
        if allowed:
            raise MethodNotAllowed(sorted(allowed))
        return None

    def _walk(
        self, node: _Node[T], segments: list[str], index: int, method: str, seen: tuple[list[str], set[str]]
    ) -> tuple[T, tuple[str, ...]] | None:
        """Depth first; `seen` collects the variables' values on the way and the methods of matching paths."""
        count = len(segments)
        values, allowed = seen
        while index < count:
            segment = segments[index]
            index += 1
            literal = node.literals.get(segment)
            variable = node.variable if segment else None
            if variable is None:
                if literal is None:
                    return None
                node = literal
                continue
            if literal is not None:
                depth = len(values)
                found = self._walk(literal, segments, index, method, seen)
                if found is not None:
                    return found
                del values[depth:]
            values.append(segment)
            node = variable
        target = node.targets.get(method)
        if target is None:
            allowed.update(node.targets)
        return target


def _decoded(segment: str) -> str:
    try:
        text = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise invalid_param("The path is not UTF-8.") from None
    if "\x00" in text:
        raise invalid_param("The path has a null character.")
    return text
