"""Servers whose files are in a bucket.

https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid
"""

from __future__ import annotations

import secrets
import urllib.request
from typing import Any, ClassVar

from tests.slices.media import test_files
from tests.slices.media.files import download, exchange, files_below, image, size_of, thumbnail, upload
from tests.support.homeserver import FederationCase, HomeserverCase
from tests.support.object_storage import new_bucket, objects_of


class FilesInBucketTest(test_files.FilesTest):
    """All that holds for a folder; and nothing is left in the folder of what comes."""

    @classmethod
    def setUpClass(cls) -> None:
        storage = new_bucket()
        cls.settings = {**test_files.FilesTest.settings, "media_object_storage": storage}
        super().setUpClass()

    def tearDown(self) -> None:
        self.assertEqual(files_below(self.server.media_folder), [])

    def test_thumbnails(self) -> None:
        """Made of a copy, kept in the bucket."""
        place = upload(self.alice, image(300, 300), "image/png")
        self.assertEqual(size_of(thumbnail(self.alice, place, width=32, height=32, method="crop").content), (32, 32))


class RedirectTest(FederationCase):
    """Clients and servers get the files from the storage itself."""

    settings: ClassVar[dict[str, Any]] = {}
    storage: dict[str, Any]

    @classmethod
    def setUpClass(cls) -> None:
        cls.storage = new_bucket()
        cls.settings = {
            "media_object_storage": {**cls.storage, "redirect_downloads": True},
            "enable_authenticated_media": False,
        }
        super().setUpClass()

    def test_clients(self) -> None:
        """307, with a signed URL that shows the type and the name; the older endpoint does so where that is allowed."""
        alice = self.here.new_user()
        place = upload(alice, b"elsewhere", "text/plain", "été.txt")
        answer = download(alice, place)
        self.assertEqual(answer.status, 307)
        with urllib.request.urlopen(answer.headers["location"]) as found:
            self.assertEqual(found.read(), b"elsewhere")
            self.assertEqual(found.headers["content-type"], "text/plain")
            self.assertEqual(found.headers["content-disposition"], "inline; filename*=utf-8''%C3%A9t%C3%A9.txt")
        older = f"/_matrix/media/v3/download/{place}"
        self.assertEqual(exchange(self.here.url, "GET", older).content, b"elsewhere")
        self.assertEqual(exchange(self.here.url, "GET", older, query={"allow_redirect": "true"}).status, 307)

    def test_servers(self) -> None:
        """The second part is a `Location`; it is followed. Both servers share the bucket: the content is one."""
        alice, bob = self.here.new_user(), self.there.new_user()
        content = secrets.token_bytes(1_000)
        before = objects_of(self.storage)
        place = upload(bob, content, "text/plain", "a.txt")
        answer = download(alice, place)
        self.assertEqual(answer.status, 307)
        with urllib.request.urlopen(answer.headers["location"]) as found:
            self.assertEqual(found.read(), content)
            self.assertEqual(found.headers["content-disposition"], "inline; filename=a.txt")
        self.assertEqual(len(objects_of(self.storage)), len(before) + 1)


class BrokenStorageTest(HomeserverCase):
    """A storage that does not answer."""

    settings: ClassVar = {
        "media_object_storage": {
            "bucket": "b",
            "endpoint": "http://127.0.0.1:1",
            "region": "eu",
            "access_key_id": "a",
            "secret_access_key": "b",
        }
    }

    def test_uploads_fail(self) -> None:
        """500, nothing is left, and the server goes on."""
        user = self.new_user()
        answer = exchange(self.server.url, "POST", "/_matrix/media/v3/upload", token=user.token, content=b"x")
        self.assertEqual(answer.error, (500, "M_UNKNOWN"))
        self.assertEqual(files_below(self.server.media_folder), [])
        self.assertEqual(user.get("/account/whoami")["user_id"], user.user_id)
