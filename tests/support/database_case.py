"""A test case with a database of its own, on the reactor's thread."""

from __future__ import annotations

import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path

from twisted.internet import reactor

from homeserver.database import Change, Database
from homeserver.database.opening import open_database
from homeserver.database.tables import Table
from tests.support.own_reactor import run


class DatabaseCase(unittest.TestCase):
    """`tables`: what the database has. `changes`: what was published under `topic`, in order."""

    tables: Sequence[Table] = ()
    topic = ""

    def setUp(self) -> None:
        """An empty database."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.database = self.open_database(Path(folder.name) / "test.db")
        self.changes: list[Change] = []
        self.database.feed.subscribe(self.topic, self.changes.extend)

    def open_database(self, path: Path) -> Database:
        """Open a file, as a start of the server does."""
        database = open_database("sqlite", str(path), reactor)
        database.start(self.tables)
        self.addCleanup(database.close)
        return database

    def wait_for_writes(self) -> None:
        """Until what was asked to be written before has been."""
        run(self.database.transact(lambda tx: None))

    def published_keys(self) -> list[str]:
        """The keys published so far; begins anew with each call."""
        self.wait_for_writes()
        keys = [change.key for change in self.changes]
        self.changes.clear()
        return keys
