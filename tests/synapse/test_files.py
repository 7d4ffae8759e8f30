"""Files between a Synapse and a Hearth."""

from __future__ import annotations

import secrets

from tests.slices.media.files import download, exchange, image, size_of, thumbnail, upload
from tests.synapse.servers import need_synapse
from tests.synapse.synapse_case import SynapseCase

need_synapse()


class FilesTest(SynapseCase):
    """In both directions."""

    def test_downloads(self) -> None:
        """With type and name, for those with an account; the older endpoints give nothing."""
        for one, other in ((self.synapse, self.hearth), (self.hearth, self.synapse)):
            with self.subTest(is_synapse_first=one is self.synapse):
                ann, bob = one.new_user("ann"), other.new_user("bob")
                for size in (0, 10, 3_000_000) if one is self.hearth else (10, 3_000_000):
                    content = secrets.token_bytes(size)
                    place = upload(ann, content, "text/plain", "été.txt")
                    answer = download(bob, place)
                    self.assertEqual((answer.status, answer.content), (200, content))
                    self.assertIn("text/plain", answer.headers["content-type"])
                    self.assertIn("%C3%A9t%C3%A9.txt", answer.headers["content-disposition"])
                    for peer in (one, other):
                        older = exchange(peer.url, "GET", f"/_matrix/media/v3/download/{place}")
                        self.assertEqual(older.error, (404, "M_NOT_FOUND"))

    def test_thumbnails(self) -> None:
        """Of the other server's images."""
        for one, other in ((self.synapse, self.hearth), (self.hearth, self.synapse)):
            with self.subTest(is_synapse_first=one is self.synapse):
                ann, bob = one.new_user("ann"), other.new_user("bob")
                place = upload(ann, image(400, 400), "image/png")
                answer = thumbnail(bob, place, width=96, height=96, method="crop")
                self.assertEqual((answer.status, size_of(answer.content)), (200, (96, 96)))

    def test_what_is_not_there(self) -> None:
        """404; 504 for what was announced and has not come, of which Synapse makes 502."""
        for one, other in ((self.synapse, self.hearth), (self.hearth, self.synapse)):
            with self.subTest(is_synapse_first=one is self.synapse):
                ann, bob = one.new_user("ann"), other.new_user("bob")
                self.assertEqual(download(bob, f"{one.name}/none").status, 404)
                announced = ann.post("/_matrix/media/v1/create")["content_uri"].removeprefix("mxc://")
                status = download(bob, announced, timeout_ms=10).status
                self.assertEqual(status, 504 if other is self.hearth else 502)
