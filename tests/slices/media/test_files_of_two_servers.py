"""Files of other servers.

https://spec.matrix.org/v1.19/server-server-api/#content-repository
"""

from __future__ import annotations

from tests.slices.media.files import download, image, size_of, thumbnail, upload
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase


class RemoteFilesTest(FederationCase):
    """Alice is here, Bob there."""

    def setUp(self) -> None:
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")

    def test_a_file_of_another_server(self) -> None:
        """With its type and its name; also one of many pieces, and one that looks like the end of itself."""
        files = (b"one two three", b"", b"\r\n--" * 1000, bytes(range(256)) * 10_000)
        for position, content in enumerate(files):
            with self.subTest(position):
                place = upload(self.bob, content, "text/plain", "été.txt")
                answer = download(self.alice, place)
                self.assertEqual((answer.status, answer.content), (200, content))
                self.assertEqual(answer.headers["content-type"], "text/plain; charset=UTF-8")
                self.assertIn("%C3%A9t%C3%A9.txt", answer.headers["content-disposition"])

    def test_thumbnails_of_another_servers_images(self) -> None:
        """Made here."""
        place = upload(self.bob, image(400, 200), "image/png")
        answer = thumbnail(self.alice, place, width=96, height=96, method="crop")
        self.assertEqual((answer.status, size_of(answer.content)), (200, (96, 96)))

    def test_what_the_other_server_does_not_have(self) -> None:
        """404, and 504 for what has been announced there; 502 where the server is not there."""
        self.assertEqual(download(self.alice, f"{self.there.name}/unknown").error, (404, "M_NOT_FOUND"))
        announced = self.bob.post("/_matrix/media/v1/create")["content_uri"].removeprefix("mxc://")
        self.assertEqual(download(self.alice, announced, timeout_ms=10).error, (504, "M_NOT_YET_UPLOADED"))
        self.assertEqual(download(self.alice, "localhost:1/a").status, 502)

    def test_a_file_is_kept(self) -> None:
        """Once fetched, it is here also while its server is away."""
        place = upload(self.bob, b"kept")
        download(self.alice, place)
        self.there.stop()
        self.addCleanup(self.there.start_if_stopped)
        self.assertEqual(download(self.alice, place).content, b"kept")


RemoteFilesTestOnPostgres = on_postgres(RemoteFilesTest)
