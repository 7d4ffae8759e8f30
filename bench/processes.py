"""What processes have used: CPU time and memory of a process and all that it started, from /proc."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def process_tree(root: int) -> list[int]:
    """The process and its living descendants."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            fields = _stat(int(folder.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(folder.name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += children.get(process, [])
    return found


def cpu_seconds(root: int) -> float:
    """CPU time of a tree, with that of children that have ended. Precise to the scheduler's clock, not to its ticks."""
    total = 0.0
    for process in process_tree(root):
        fields = _stat(process)
        if fields:
            total += _own_seconds(process, fields) + (int(fields[13]) + int(fields[14])) / _TICKS_PER_SECOND
    return total


def resident_mib(root: int, field: str = "Rss") -> float:
    """Memory of a tree in MiB: `Rss` counts what processes share in each of them, `Pss` once."""
    total = 0
    for process in process_tree(root):
        try:
            lines = (_PROC / str(process) / "smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
    return round(total / 1024, 1)


def machine_seconds() -> float:
    """CPU seconds that the whole machine spent on anything but idling."""
    fields = [int(field) for field in (_PROC / "stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICKS_PER_SECOND


def _own_seconds(process: int, fields: list[str]) -> float:
    try:
        # The process's CPU clock: clock_getcpuclockid(3).
        return time.clock_gettime((~process << 3) | 2)
    except OSError:
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def _stat(process: int) -> list[str]:
    """What follows the command's name: the parent is [1]; utime, stime, cutime, cstime are [11] to [14]."""
    try:
        return (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
