"""Files on this machine that a command names."""

from __future__ import annotations

import os
from pathlib import Path

from cmdclient.errors import CommandError, UsageError

_GREATEST_BYTES = 1024 * 1024 * 1024


def read_file(word: str) -> tuple[bytes, str]:
    """Content and name of a file; `~` is the home directory. UsageError when it cannot be read."""
    path = Path(word).expanduser()
    try:
        if path.stat().st_size > _GREATEST_BYTES:
            raise UsageError(f"{path} is larger than {_GREATEST_BYTES} bytes.")
        return path.read_bytes(), path.name
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def write_new_file(path: Path, content: bytes) -> None:
    """Write a file that is not there yet. CommandError when it is, or cannot be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except FileExistsError:
        raise CommandError(f"{path} is there already; name another file.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


def safe_name(name: str) -> str:
    """The name that a peer gave a file, as one that can only be in this folder."""
    kept = "".join(char if char.isalnum() or char in "._- " else "_" for char in name).strip(" .")
    return kept[:120] or "file"
