"""The benchmark as it is called: on a server of its own, at a hundredth of the counts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from bench.results import read_result
from tests.support.homeserver import free_port

_ROOT = Path(__file__).parents[2]
_WINDOWS = {"versions", "versions_16", "send_seq", "send_16", "messages"}


class BenchTest(unittest.TestCase):
    """What it prints and keeps; no figure is looked at."""

    def test_a_run_and_its_table(self) -> None:
        """Each window has its operations; the kept results give the same table again."""
        with tempfile.TemporaryDirectory(prefix="hearth-bench-test-") as name:
            folder = Path(name)
            table = _bench("--folder", name, "--scale", "0.01", "--scenarios", "versions,send,messages")
            result = read_result(folder / "hearth-sqlite-1.json")
            self.assertEqual(set(result.figures), _WINDOWS)
            self.assertEqual(result.figures["send_seq"].operations, 4)
            self.assertGreater(result.figures["send_seq"].server_ms, 0)
            self.assertIn("| send_seq: one after the other |", table)
            self.assertEqual(_bench("--folder", name, "--table", str(folder / "hearth-sqlite-1.json")), table)

    def test_an_unknown_scenario(self) -> None:
        """Is refused with the names of those there are."""
        command = [sys.executable, "-m", "bench", "--folder", "nowhere", "--scenarios", "versions,fly"]
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such scenario: fly; there are versions, whoami", done.stderr)


def _bench(*arguments: str) -> str:
    command = [sys.executable, "-m", "bench", "--port", str(free_port()), *arguments]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
