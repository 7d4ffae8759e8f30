"""Several processes of one server, which share a database and a bucket; each has a folder of its own."""

from __future__ import annotations

import secrets
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.slices.media.files import download, exchange, files_below, image, size_of, thumbnail, upload
from tests.support.administrators import new_administrator
from tests.support.api_client import User
from tests.support.databases import fresh_database, on_postgres
from tests.support.homeserver import PASSWORD, Homeserver
from tests.support.object_storage import new_bucket, objects_of


class _Processes(unittest.TestCase):
    engine = "postgresql"
    storage: dict[str, Any]
    servers: list[Homeserver]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.storage = new_bucket()
        place = cls.enterClassContext(fresh_database(cls.engine))
        settings: dict[str, Any] = {"media_object_storage": cls.storage}
        cls.servers = []
        for _ in range(2):
            folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="hearth-test-")))
            server = Homeserver(folder, place.config, None, **settings)
            settings |= {"server_name": server.config.server.server_name}
            settings |= {"signing_key_path": str(server.config.keys.signing_key_path)}
            cls.addClassCleanup(server.stop)
            server.start()
            cls.servers.append(server)

    def setUp(self) -> None:
        first, second = self.servers
        self.here = first.new_user()
        answer = {"user_id": self.here.user_id, "access_token": self.here.token, "device_id": self.here.device_id}
        self.there = User(second.url, answer, PASSWORD)
        self.before = objects_of(self.storage)

    def new_objects(self) -> int:
        """How many there are that were not; nothing is left in the folder of any process."""
        self.assertEqual([files_below(one.media_folder) for one in self.servers], [[], []])
        return len(objects_of(self.storage)) - len(self.before)

    def test_what_one_takes_the_other_gives(self) -> None:
        """At once: the file, a part of it, and thumbnails, of which there is one."""
        content = image(300, 200)
        place = upload(self.here, content, "image/png")
        self.assertEqual(download(self.there, place).content, content)
        self.assertEqual(download(self.there, place, {"Range": "bytes=10-19"}).content, content[10:20])
        for user in (self.there, self.here):
            answer = thumbnail(user, place, width=32, height=32, method="crop")
            self.assertEqual(size_of(answer.content), (32, 32))
        self.assertEqual(self.new_objects(), 2)

    def test_equal_files_taken_by_both_at_once(self) -> None:
        """Are one object, which is there as long as one of them is."""
        admin = new_administrator(self.servers[0])
        content = secrets.token_bytes(200_000)
        with ThreadPoolExecutor() as pool:
            places = list(pool.map(lambda user: upload(user, content), [self.here, self.there] * 4))
        self.assertEqual(self.new_objects(), 1)
        for place in places[1:]:
            admin.delete(f"/_synapse/admin/v1/media/{place}")
        self.assertEqual(download(self.there, places[0]).content, content)
        self.assertEqual(download(self.there, places[1]).error, (404, "M_NOT_FOUND"))
        admin.delete(f"/_synapse/admin/v1/media/{places[0]}")
        self.assertEqual(self.new_objects(), 0)

    def test_deleting_and_taking_equal_files_at_once(self) -> None:
        """Whatever was answered with a URI can be read at either."""
        admin = new_administrator(self.servers[0])
        content = secrets.token_bytes(10_000)

        def live(user: User) -> None:
            for _ in range(5):
                place = upload(user, content)
                self.assertEqual([download(one, place).content for one in (self.here, self.there)], [content] * 2)
                admin.delete(f"/_synapse/admin/v1/media/{place}")

        with ThreadPoolExecutor() as pool:
            list(pool.map(live, [self.here, self.there] * 2))
        self.assertEqual(self.new_objects(), 0)

    def test_what_is_announced_at_one_and_comes_to_the_other(self) -> None:
        """Who waits for it at either is answered when it comes."""
        place = self.here.post("/_matrix/media/v1/create")["content_uri"].removeprefix("mxc://")
        with ThreadPoolExecutor() as pool:
            waiting = [pool.submit(download, user, place, timeout_ms=60_000) for user in (self.here, self.there)]
            path = f"/_matrix/media/v3/upload/{place}"
            exchange(self.there.url, "PUT", path, token=self.there.token, content=b"late")
            self.assertEqual([one.result().content for one in waiting], [b"late"] * 2)


ProcessesTestOnPostgres = on_postgres(_Processes)
del _Processes
