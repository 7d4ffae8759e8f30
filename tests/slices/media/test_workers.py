"""The processes that read what strangers made."""

from __future__ import annotations

import subprocess
import sys
import unittest

_SERVER = """
import os, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from homeserver.processes import begin_worker

pool = ProcessPoolExecutor(2, get_context("spawn"), begin_worker, (os.getpid(),))
print(pool.submit(os.getppid).result() == os.getpid(), flush=True)
sys.stdin.read()
"""


class WorkersTest(unittest.TestCase):
    """They are of no use without a server."""

    def test_a_killed_server_leaves_no_process(self) -> None:
        """What it wrote to is closed only when every process that it started has ended, too."""
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(server.kill)
        assert server.stdout is not None
        self.assertEqual(server.stdout.readline(), "True\n")
        server.kill()
        self.assertEqual(server.communicate(timeout=30), ("", None))
