"""The file that says which process serves."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path

from homeserver.commands.pid_file import AlreadyRunning, PidFile, find_running


class PidFileTest(unittest.TestCase):
    """A lock and a number."""

    def setUp(self) -> None:
        """A path in an empty folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "homeserver.pid")

    def test_one_process_at_a_time(self) -> None:
        """The second is told of the first."""
        first = PidFile(self.path)
        first.take()
        with self.assertRaisesRegex(AlreadyRunning, f"process {os.getpid()} is running already"):
            PidFile(self.path).take()
        first.release()

        self.assertIsNone(find_running(self.path))
        self.assertFalse(self.path.exists())

    def test_a_file_left_behind_means_nothing(self) -> None:
        """After a crash the number may be any process's."""
        self.path.write_text(f"{os.getppid()}\n", encoding="ascii")

        self.assertIsNone(find_running(self.path))
        again = PidFile(self.path)
        again.take()
        self.assertEqual(find_running(self.path), os.getpid())
        again.release()
