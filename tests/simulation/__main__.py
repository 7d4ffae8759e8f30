"""Run simulations of several servers: `python -m tests.simulation FIRST [LAST]`, or `-v SEED` to be told what happened.

A seed always gives the same run, for which Python's hashes must not differ from run to run: where PYTHONHASHSEED is
not set, the program starts itself anew with it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time

from tests.simulation.story import Story


def main() -> int:
    """Run the seeds; 1 where servers differ in the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="Simulates servers that federate.")
    parser.add_argument("first", type=int, help="seed of the first run")
    parser.add_argument("last", type=int, nargs="?", help="seed of the last run (default: the first)")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print what happened; twice: and the log")
    options = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        command = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "PYTHONHASHSEED": "0"})
    logging.basicConfig(level=logging.DEBUG if options.verbose > 1 else logging.CRITICAL, format="%(name)s %(message)s")
    failed = 0
    for seed in range(options.first, (options.last or options.first) + 1):
        began_s = time.perf_counter()
        story = Story(seed)
        wrong = story.run()
        failed += bool(wrong)
        verdict = "differ" if wrong else "agree"
        print(
            f"seed {seed}: room version {story.version}, {time.perf_counter() - began_s:.1f} s, servers {verdict}",
            flush=True,
        )
        for line in [*(story.lines if options.verbose else ()), *wrong]:
            print("   ", line, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
