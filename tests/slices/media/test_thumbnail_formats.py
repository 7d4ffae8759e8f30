"""What thumbnails are made of, and what of that stays.

https://spec.matrix.org/v1.19/client-server-api/#thumbnails
"""

from __future__ import annotations

import io
import time
from typing import ClassVar

from PIL import Image

from tests.slices.media.files import exchange, files_below, image, size_of, thumbnail, upload
from tests.support.api_client import User
from tests.support.homeserver import HomeserverCase

_RED, _BLUE = (255, 0, 0), (0, 0, 255)


def moving(kind: str, frames: int = 3) -> bytes:
    """An image that moves."""
    pictures = [Image.new("RGB", (200, 100), (80 * one, 0, 0)) for one in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, kind, save_all=True, append_images=pictures[1:], duration=70, loop=0)
    return out.getvalue()


def two_colours(orientation: int) -> bytes:
    """A wide JPEG, red at its left, that says how it is to be turned."""
    picture = Image.new("RGB", (200, 100), _BLUE)
    picture.paste(_RED, (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


class FormatsTest(HomeserverCase):
    """Of what Alice uploads."""

    user: User

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.user = cls.server.new_user()

    def test_every_format(self) -> None:
        """JPEG, PNG, GIF, WebP, AVIF, whatever the uploader says of the type."""
        for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF"):
            with self.subTest(kind):
                place = upload(self.user, image(200, 100, kind), "application/octet-stream")
                answer = thumbnail(self.user, place, width=32, height=32, method="crop")
                self.assertEqual(size_of(answer.content), (32, 32))
                self.assertRegex(answer.headers["content-disposition"], r"^inline; filename=thumbnail\.(png|jpeg)\Z")

    def test_what_moves(self) -> None:
        """GIF, WebP and APNG go on moving where that is wished, all of their frames; else they stand still."""
        for kind in ("GIF", "WEBP", "PNG"):
            with self.subTest(kind):
                place = upload(self.user, moving(kind), f"image/{kind.lower()}")
                wish = {"width": 96, "height": 96, "method": "crop"}
                with Image.open(io.BytesIO(thumbnail(self.user, place, **wish, animated="true").content)) as found:
                    self.assertEqual((getattr(found, "n_frames", 1), found.size), (3, (96, 96)))
                with Image.open(io.BytesIO(thumbnail(self.user, place, **wish, animated="false").content)) as found:
                    self.assertEqual(getattr(found, "n_frames", 1), 1)

    def test_what_stands_still_and_is_asked_to_move(self) -> None:
        """Is as it is."""
        place = upload(self.user, image(200, 100), "image/png")
        answer = thumbnail(self.user, place, width=96, height=96, method="crop", animated="true")
        self.assertEqual(answer.headers["content-type"], "image/jpeg")

    def test_orientation(self) -> None:
        """Pictures are turned as cameras say."""
        cases = ((1, (320, 160), False), (3, (200, 100), True), (6, (100, 200), False), (8, (100, 200), True))
        for orientation, size, is_red_last in cases:
            with self.subTest(orientation):
                place = upload(self.user, two_colours(orientation), "image/jpeg")
                answer = thumbnail(self.user, place, width=320, height=240, method="scale")
                with Image.open(io.BytesIO(answer.content)) as found:
                    self.assertEqual(found.size[0] > found.size[1], size[0] > size[1])
                    last = found.convert("RGB").getpixel((found.width - 2, found.height - 2))
                self.assertIsInstance(last, tuple)
                assert isinstance(last, tuple)
                self.assertEqual(last[0] > 128, is_red_last)


class AnySizeTest(HomeserverCase):
    """`dynamic_thumbnails`: what is asked for is made, so many sizes of an image and no more."""

    settings: ClassVar = {"dynamic_thumbnails": True}

    def test_sizes(self) -> None:
        """Then the nearest of those that are always made."""
        user = self.new_user()
        place = upload(user, image(500, 500), "image/png")
        before = files_below(self.server.media_folder)
        for width in range(10, 60):
            answer = thumbnail(user, place, width=width, height=width, method="crop")
            expected = width if width < 50 else 96
            self.assertEqual(size_of(answer.content), (expected, expected))
        self.assertEqual(len(files_below(self.server.media_folder)), len(before) + 41)


class InAdvanceTest(HomeserverCase):
    """`thumbnails_in_advance`."""

    settings: ClassVar = {"thumbnails_in_advance": True, "thumbnail_sizes": [{"width": 50, "height": 40}]}

    def test_they_are_there_before_they_are_asked_for(self) -> None:
        """Of images; the answer to the upload does not wait for them."""
        user = self.new_user()
        before = set(files_below(self.server.media_folder))
        place = upload(user, image(200, 200), "image/png")
        upload(user, b"no image", "image/png")

        def new() -> set[str]:
            return set(files_below(self.server.media_folder)) - before

        def temporary() -> set[str]:
            return {one for one in new() if one.startswith("tmp/")}

        begun = time.monotonic()
        while (len(new() - temporary()) < 3 or temporary()) and time.monotonic() - begun < 60:
            time.sleep(0.02)
        self.assertEqual((len(new()), temporary()), (3, set()))
        self.assertEqual(size_of(thumbnail(user, place, width=50, height=40).content), (40, 40))


class PicturesTest(HomeserverCase):
    """What stands for users and rooms is a file like others."""

    def test_avatars_and_icons(self) -> None:
        """A new avatar is in the profile and in the rooms, and is downloaded as other files are."""
        alice, bob = self.new_user("alice"), self.new_user("bob")
        room_id = alice.post("/createRoom", {"preset": "public_chat"})["room_id"]
        bob.post(f"/join/{room_id}")
        place = upload(alice, image(100, 100), "image/png")
        alice.put(f"/profile/{alice.user_id}/avatar_url", {"avatar_url": f"mxc://{place}"})
        alice.put(f"/rooms/{room_id}/state/m.room.avatar", {"url": f"mxc://{place}"})
        begun = time.monotonic()
        path = f"/rooms/{room_id}/state/m.room.member/{alice.user_id}"
        while bob.get(path).get("avatar_url") != f"mxc://{place}" and time.monotonic() - begun < 10:
            time.sleep(0.02)
        self.assertEqual(bob.get(path)["avatar_url"], f"mxc://{place}")
        self.assertEqual(bob.get(f"/profile/{alice.user_id}")["avatar_url"], f"mxc://{place}")
        self.assertEqual(bob.get(f"/rooms/{room_id}/state/m.room.avatar")["url"], f"mxc://{place}")
        self.assertEqual(size_of(thumbnail(bob, place, width=32, height=32, method="crop").content), (32, 32))
        path = f"/_matrix/client/v1/media/download/{place}"
        self.assertEqual(exchange(self.server.url, "HEAD", path, token=bob.token).content, b"")
