"""A server that is killed while it takes a file in."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import time
import unittest
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.slices.media.files import download, exchange, files_below, upload
from tests.support.api_client import User
from tests.support.databases import fresh_database
from tests.support.homeserver import Homeserver
from tests.support.object_storage import new_bucket, objects_of
from tests.support.server_process import process_of

_PATIENCE_S = 60.0
_DEAD_FOR_S = 2 * 3600
_UPLOAD = "/_matrix/media/v3/upload"


class KilledTest(unittest.TestCase):
    """The bytes are in their place, but nothing refers to them yet: nobody was told that they are kept."""

    def setUp(self) -> None:
        self.start({})

    def start(self, settings: dict[str, Any]) -> None:
        """A server of these settings."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="hearth-killed-")))
        place = self.enterContext(fresh_database("sqlite"))
        self.database = place.location
        self.server = Homeserver(folder, place.config, None, **settings)
        self.process = process_of(self.server)
        self.addCleanup(self.process.kill)
        self.process.start()

    def contents(self) -> list[str]:
        """What is kept."""
        return [one for one in files_below(self.server.media_folder) if not one.startswith("tmp")]

    def temporary(self) -> list[Path]:
        """What lies under temporary names."""
        folder = self.server.media_folder / "tmp"
        return list(folder.iterdir()) if folder.is_dir() else []

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Fails where it does not come true."""
        begun = time.monotonic()
        while not condition():
            self.assertLess(time.monotonic() - begun, _PATIENCE_S)
            time.sleep(0.02)

    def test_nothing_is_left_between_the_file_and_its_row(self) -> None:
        """The next start removes it; what was acknowledged stays, of equal content, too."""
        user = self.server.new_user()
        kept = upload(user, b"kept")
        with closing(sqlite3.connect(self.database, timeout=_PATIENCE_S, isolation_level=None)) as other:
            # Whoever holds the file's lock keeps the server from committing.
            other.execute("BEGIN IMMEDIATE")
            uploads = [threading.Thread(target=_try_to_upload, args=(user, one)) for one in (b"kept", b"lost")]
            for one in uploads:
                one.start()
            self.wait_for(lambda: len(self.contents()) == 2 and len(self.temporary()) == 2)
            self.process.kill()
            for one in uploads:
                one.join()
        for path in self.temporary():
            os.utime(path, (time.time() - _DEAD_FOR_S,) * 2)

        self.process.start()

        self.wait_for(lambda: len(self.contents()) == 1 and not self.temporary())
        self.assertEqual(download(user, kept).content, b"kept")


class KilledWithBucketTest(KilledTest):
    """The same where the bytes are in a bucket."""

    def setUp(self) -> None:
        self.storage = new_bucket()
        self.start({"media_object_storage": self.storage})

    def contents(self) -> list[str]:
        """See `KilledTest`."""
        return objects_of(self.storage)


def _try_to_upload(user: User, content: bytes) -> None:
    with suppress(OSError, HTTPException):
        exchange(user.url, "POST", _UPLOAD, token=user.token, content=content)
