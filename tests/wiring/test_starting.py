"""A server that cannot start leaves nothing behind."""

from __future__ import annotations

import socket
import tempfile
import threading
import unittest
from pathlib import Path

from twisted.internet.error import CannotListenError

from tests.support.databases import fresh_database, on_postgres
from tests.support.homeserver import Homeserver


def _threads() -> set[threading.Thread]:
    return set(threading.enumerate())


class StartingTest(unittest.TestCase):
    """A server of two listeners."""

    engine = "sqlite"

    def setUp(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-test-")))
        place = self.enterContext(fresh_database(self.engine))
        self.server = Homeserver(folder, place.config, None)
        self.addCleanup(self.server.stop)
        self.taken = socket.socket()
        self.addCleanup(self.taken.close)
        self.taken.bind(("127.0.0.1", 0))
        self.taken.listen()
        resources = [{"names": ["client"]}]
        ports = (self.server.client_port, self.taken.getsockname()[1])
        listeners = [{"port": port, "bind_addresses": ["127.0.0.1"], "resources": resources} for port in ports]
        self.server.configure(listeners=listeners)

    def test_a_port_that_is_taken_frees_the_others(self) -> None:
        """Nobody listens, no thread goes on; and once the port is free the server starts."""
        before = _threads()

        with self.assertRaises(CannotListenError):
            self.server.start()

        self.assertEqual(_threads() - before, set())
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", self.server.client_port)), 0)
        self.taken.close()
        self.server.start()
        self.server.new_user("alice")


StartingTestOnPostgres = on_postgres(StartingTest)


class UnusableDatabaseTest(unittest.TestCase):
    """A server whose database is no file."""

    def test_nothing_is_left_running(self) -> None:
        """The error is the database's own."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-test-")))
        database = {"name": "sqlite3", "args": {"database": str(folder)}}
        server = Homeserver(folder, database, None)
        before = _threads()

        with self.assertRaisesRegex(Exception, "unable to open"):
            server.start()

        self.assertEqual(_threads() - before, set())
