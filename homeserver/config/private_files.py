"""Files with keys, which are nobody else's business."""

from __future__ import annotations

import stat
from pathlib import Path


def is_open_to_all(path: Path) -> bool:
    """Whether everybody on this machine can read or change the file; False where that cannot be told."""
    try:
        return bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))
    except OSError:
        return False
