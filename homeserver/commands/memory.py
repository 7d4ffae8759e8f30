"""How the C library keeps memory.

https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html
"""

from __future__ import annotations

import ctypes
import os

_M_ARENA_MAX = -8
_ARENAS = 2


def keep_little_memory() -> None:
    """GNU's gives each thread a heap of its own, so that what one thread frees no other gets: with a few dozen threads,
    which run one at a time for the most part, that is much more than is in use. Before any thread begins. Of no effect
    with other libraries, and where the environment says how many heaps there are to be."""
    if "MALLOC_ARENA_MAX" in os.environ:
        return
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
    except (AttributeError, OSError, TypeError):
        return
