"""Thumbnails.

https://spec.matrix.org/v1.19/client-server-api/#thumbnails
"""

from __future__ import annotations

from typing import ClassVar

from tests.slices.media.files import image, moving_image, size_of, thumbnail, upload
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class ThumbnailsTest(HomeserverCase):
    """Of what Alice uploads."""

    settings: ClassVar = {"max_image_pixels": 4_000_000}
    user: User

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.user = cls.server.new_user()

    def test_sizes(self) -> None:
        """The next larger one of those that are made; never larger than the image."""
        place = upload(self.user, image(1000, 500), "image/png")
        small = upload(self.user, image(20, 10), "image/png")
        cases = (
            (place, {"width": 32, "height": 32, "method": "crop"}, (32, 32)),
            (place, {"width": 40, "height": 40, "method": "crop"}, (96, 96)),
            (place, {"width": 300, "height": 200, "method": "scale"}, (320, 160)),
            (place, {"width": 300, "height": 200}, (320, 160)),
            (place, {"width": 9999, "height": 9999, "method": "scale"}, (800, 400)),
            (small, {"width": 640, "height": 480, "method": "scale"}, (20, 10)),
        )
        for file, query, size in cases:
            with self.subTest(query=query):
                answer = thumbnail(self.user, file, **query)
                self.assertEqual((answer.status, size_of(answer.content)), (200, size))

    def test_kinds(self) -> None:
        """JPEG, or PNG where something is transparent."""
        cases = (("PNG", "RGB", "image/jpeg"), ("PNG", "RGBA", "image/png"), ("JPEG", "L", "image/jpeg"))
        for kind, mode, content_type in (*cases, ("WEBP", "RGB", "image/jpeg")):
            with self.subTest(kind=kind, mode=mode):
                place = upload(self.user, image(200, 100, kind, mode), f"image/{kind.lower()}")
                answer = thumbnail(self.user, place, width=32, height=32, method="crop")
                self.assertEqual(answer.headers["content-type"], content_type)

    def test_what_moves_may_go_on_moving(self) -> None:
        """`animated=true`."""
        place = upload(self.user, moving_image(200, 200, 5), "image/gif")
        still = thumbnail(self.user, place, width=96, height=96, method="crop")
        moving = thumbnail(self.user, place, width=96, height=96, method="crop", animated="true")
        self.assertEqual(still.headers["content-type"], "image/jpeg")
        self.assertEqual(moving.headers["content-type"], "image/webp")
        self.assertIn(b"ANIM", moving.content)

    def test_what_is_no_image(self) -> None:
        """400 `M_UNKNOWN`; also for what lies about being one, and for one with too many pixels."""
        files = (b"text", b"", image(100, 100)[:60], image(2500, 2000), b"%PDF-1.4", b"<svg></svg>")
        for position, content in enumerate(files):
            with self.subTest(position):
                place = upload(self.user, content, "image/png")
                self.assertEqual(thumbnail(self.user, place, width=32, height=32).error, (400, "M_UNKNOWN"))

    def test_wrong_sizes(self) -> None:
        """400, with what is wrong."""
        place = upload(self.user, image(100, 100), "image/png")
        cases = (
            ({"width": 32}, "M_MISSING_PARAM"),
            ({"width": 0, "height": 32}, "M_INVALID_PARAM"),
            ({"width": "a", "height": 32}, "M_INVALID_PARAM"),
            ({"width": 32, "height": 32, "method": "cut"}, "M_INVALID_PARAM"),
        )
        for query, errcode in cases:
            with self.subTest(query):
                self.assertEqual(thumbnail(self.user, place, **query).error, (400, errcode))


ThumbnailsTestOnPostgres = on_postgres(ThumbnailsTest)
