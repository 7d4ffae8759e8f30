"""Files that are written once: whole, or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_new(path: Path, content: bytes, mode: int) -> bool:
    """Write a file that is not there yet; False where there is one, which stays as it is.

    The file appears with all its content or, where the disk is full or the process dies, not at all. Raises OSError.
    """
    if os.path.lexists(path):
        return False
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write(draft, content, mode)
        # Not a renaming, which would replace what somebody else has written since.
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        draft.unlink(missing_ok=True)
    return True


def replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file in place of the one that is there, all of it at once. Raises OSError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write(draft, content, mode)
        draft.replace(path)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        draft.unlink(missing_ok=True)


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
