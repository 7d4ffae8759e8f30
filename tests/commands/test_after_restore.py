"""`--after-restore`: a database from a backup goes on without giving anything twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.slices.to_device.test_to_device import numbers, send
from tests.support.crypto_device import CryptoDevice, claim
from tests.support.homeserver import Homeserver


class AfterRestoreTest(unittest.TestCase):
    """A server whose database is put back to what it was before Bob claimed a key of Alice's."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-restore-")))
        self.path = self.folder / "homeserver.db"
        database = {"name": "sqlite3", "args": {"database": str(self.path)}}
        self.server = Homeserver(self.folder, database, None)
        self.server.start()
        self.addCleanup(self.server.stop)

    def copy(self, source: Path, destination: Path) -> None:
        """Copy the database, with what SQLite has not put into it yet."""
        self.server.stop()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{destination}{suffix}").unlink(missing_ok=True)
            if Path(f"{source}{suffix}").exists():
                shutil.copy(f"{source}{suffix}", f"{destination}{suffix}")

    def test_nothing_is_given_twice_and_nothing_is_behind_tokens(self) -> None:
        """The key that was claimed after the backup is not given again; messages reach a client whose token is of
        later than the backup."""
        alice, bob = self.server.new_user("alice"), self.server.new_user("bob")
        device = CryptoDevice(alice)
        keys = [device.one_time_keys(1) for _ in range(3)]
        for key in keys:
            device.upload(key)
        self.copy(self.path, self.folder / "backup.db")
        self.server.start()
        self.assertEqual(claim(bob, alice), [keys[0]])
        room = alice.create_room()
        for number in range(10):
            alice.send(room, f"{number}")
        since = alice.sync()["next_batch"]
        self.copy(self.folder / "backup.db", self.path)

        command = [sys.executable, "-m", "homeserver", "-c", str(self.server.write_configuration()), "--after-restore"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)

        self.assertIn("withdrew 3 one-time keys", done.stdout)
        self.server.start()
        self.assertEqual(claim(bob, alice), [None])
        device.upload(keys[0])
        self.assertEqual(claim(bob, alice), [None])
        fresh = device.one_time_keys(1)
        device.upload(fresh)
        self.assertEqual(claim(bob, alice), [fresh])
        send(bob, {alice.user_id: {alice.device_id: {"n": 1}}})
        self.assertEqual(numbers(alice.sync(since)), [1])
