"""How fast the machine is while something is measured.

CPU time is no constant on a shared machine: a busy sibling of the core can double it. So a process of its own runs a
short fixed loop twenty times a second on the server's core, about a hundredth of it; costs are divided by how much
longer the loop took than the fastest ever seen.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

_PAUSE_S = 0.05


class SpeedGauge:
    """Runs the loop on the given cores until it is closed."""

    def __init__(self, cores: set[int]) -> None:
        self._file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - open as long as the process runs
        arguments = [sys.executable, "-m", "bench.machine_speed", ",".join(map(str, sorted(cores)))]
        self._process = subprocess.Popen(arguments, stdout=self._file, stdin=subprocess.DEVNULL)

    def mean_us(self, start_s: float, end_s: float) -> float | None:
        """The loop's mean CPU time between two readings of `time.monotonic`; None without a sample."""
        samples = [took for at, took in self._samples() if start_s <= at <= end_s]
        return statistics.fmean(samples) if samples else None

    def fastest_us(self) -> float | None:
        """The shortest of all so far."""
        return min((took for _, took in self._samples()), default=None)

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()
        self._file.close()

    def _samples(self) -> list[tuple[float, float]]:
        self._file.seek(0)
        rows = [line.split() for line in self._file.read().decode().splitlines()]
        return [(float(row[0]), float(row[1])) for row in rows if len(row) == 2]


def _loop_us() -> float:
    data = {"a": [1, 2, 3], "b": {"c": "x" * 100}, "d": {str(number): number for number in range(20)}}
    begun = time.thread_time()
    for _ in range(12):
        copy = json.loads(json.dumps(data))
        sorted({key: len(str(value)) for key, value in copy.items()})
    return (time.thread_time() - begun) * 1e6


def _main() -> None:
    os.sched_setaffinity(0, {int(core) for core in sys.argv[1].split(",")})
    parent = os.getppid()
    while os.getppid() == parent:
        _loop_us()  # Brings the code into the core's caches.
        sys.stdout.write(f"{time.monotonic():.3f} {_loop_us():.1f}\n")
        sys.stdout.flush()
        time.sleep(_PAUSE_S)


if __name__ == "__main__":
    _main()
