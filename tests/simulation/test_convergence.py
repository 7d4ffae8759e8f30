"""Servers that were cut off, slow, killed and at odds with each other come to the same room.

More seeds than the few: `HEARTH_SIMULATION=1-500 .venv/bin/python -m pytest -s tests/simulation`, and one of them told
in full: `python -m tests.simulation -v SEED`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import unittest

SEEDS = os.environ.get("HEARTH_SIMULATION", "1-24").split("-")


def simulate(*arguments: str) -> tuple[int, str]:
    """Exit status and output of a simulation, in a process of its own, whose time and chance are not real."""
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


class ConvergenceTest(unittest.TestCase):
    """Two runs of each room version, or as many as are asked for."""

    def test_after_healing_all_servers_hold_the_same(self) -> None:
        """The same events, the same current state, the same extremities, within five minutes of the last fault."""
        status, output = simulate(SEEDS[0], SEEDS[-1])
        print(output)

        self.assertEqual(status, 0, output)

    def test_a_seed_gives_the_same_run_again(self) -> None:
        """Event for event, so that what went wrong once can be looked into."""
        runs = [simulate("-v", SEEDS[0])[1].splitlines()[1:] for _ in range(2)]

        self.assertGreater(len(runs[0]), 20)
        self.assertEqual(*runs)
