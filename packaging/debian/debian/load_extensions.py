"""Loads every compiled extension below a site-packages folder, as what is used of it would be.

python load_extensions.py FOLDER

Exit status 1, with a line for each, where one cannot be loaded.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from pathlib import Path


def main() -> int:
    """Returns the exit status."""
    folder = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(folder))
    failed = 0
    for path in sorted(folder.rglob("*.so")):
        try:
            load(path, folder)
        except Exception as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed += 1
    return 1 if failed else 0


def load(path: Path, folder: Path) -> None:
    """Import it, or where it is no module of Python, load it with all its symbols."""
    name = path.name.partition(".")[0]
    if f"PyInit_{name}".encode() not in path.read_bytes():
        ctypes.CDLL(str(path), os.RTLD_NOW)
        return
    if path.parent.name == "psycopg_binary":
        # Its modules want to be imported by the package that uses them.
        importlib.import_module("psycopg")
    importlib.import_module(".".join([*path.relative_to(folder).parts[:-1], name]))


if __name__ == "__main__":
    sys.exit(main())
