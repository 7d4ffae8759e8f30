"""Reads the YAML files of a configuration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from homeserver.config.findings import ConfigError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_files(paths: list[str]) -> tuple[dict[str, object], Path]:
    """The top-level keys of all files, and the folder of the first file.

    A key in a later file replaces the same key of an earlier one as a whole. A directory stands for its `*.yaml`
    files in the order of their names. Raises ConfigError.
    """
    values: dict[str, object] = {}
    files = [file for path in paths for file in _files_of(Path(path))]
    for file in files:
        values.update(_read(file))
    return values, files[0].absolute().parent


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.yaml"))
    if not found:
        raise ConfigError([f"{path}: there is no *.yaml file in this directory"])
    return found


def _read(path: Path) -> dict[str, object]:
    try:
        document = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "python -m homeserver --generate-config makes one"
        raise ConfigError([f"{path}: there is no such configuration file ({hint})"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 at byte {error.start}"]) from None
    try:
        node, values = _parse(document)
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: is not YAML: {_where(error)}"]) from None
    duplicates = _duplicates(node, "")
    if duplicates:
        raise ConfigError(
            [f"{path}: {name} stands there twice (second time at line {line})" for name, line in duplicates]
        )
    if not isinstance(values, dict):
        raise ConfigError([f"{path}: found {type(values).__name__} at the top; allowed is a mapping of keys"])
    return {str(key): value for key, value in values.items()}


def _parse(document: str) -> tuple[yaml.Node | None, object]:
    loader = _Loader(document)
    try:
        node = loader.get_single_node()
        return node, {} if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _where(error: yaml.YAMLError) -> str:
    """The place and the kind of an error, without the lines around it (they may hold secrets)."""
    mark = getattr(error, "problem_mark", None)
    problem = re.sub(r"'([^']*)'", _shortened, getattr(error, "problem", None) or "malformed")
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark is not None else str(problem)


def _shortened(quoted: re.Match[str]) -> str:
    return quoted[0] if len(quoted[1]) < 2 else "'...'"


def _duplicates(node: yaml.Node | None, path: str) -> list[tuple[str, int]]:
    """Keys that stand twice in one mapping, with the line of the second; YAML readers silently take the last."""
    found: list[tuple[str, int]] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = f"{path}.{key.value}" if path else str(key.value)
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if name in seen:
                    found.append((name, key.start_mark.line + 1))
                seen.add(name)
            found += _duplicates(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for position, each in enumerate(node.value):
            found += _duplicates(each, f"{path}[{position}]")
    return found
