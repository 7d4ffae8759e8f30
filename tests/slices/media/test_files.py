"""Uploading and downloading.

https://spec.matrix.org/v1.19/client-server-api/#content-repository
"""

from __future__ import annotations

import threading
import time
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from tests.slices.media.files import FileAnswer, download, exchange, upload
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase, running_homeserver
from tests.support.laws import law

OLDER = "/_matrix/media/v3"


class FilesTest(HomeserverCase):
    """Alice uploads; she and Bob download."""

    settings: ClassVar = {"max_upload_size": 300_000, "max_pending_media_uploads": 3}

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")

    def fill(self, user: User, place: str, content: bytes) -> FileAnswer:
        """Upload what was announced."""
        return exchange(self.server.url, "PUT", f"{OLDER}/upload/{place}", token=user.token, content=content)

    def announce(self) -> str:
        """A file that Alice is to upload."""
        answer = self.alice.post("/_matrix/media/v1/create")
        self.assertGreater(answer["unused_expires_at"], time.time() * 1000)
        place: str = answer["content_uri"].removeprefix("mxc://")
        return place

    def test_a_file_comes_back_as_it_was(self) -> None:
        """With its type and its name."""
        place = upload(self.alice, b"one two three", "text/plain", "counting.txt")
        answer = download(self.bob, place)
        self.assertEqual((answer.status, answer.content), (200, b"one two three"))
        self.assertEqual(answer.headers["content-type"], "text/plain; charset=UTF-8")
        self.assertEqual(answer.headers["content-disposition"], "inline; filename=counting.txt")
        self.assertEqual(answer.headers["content-length"], "13")
        self.assertIn("sandbox", answer.headers["content-security-policy"])
        self.assertEqual(answer.headers["cross-origin-resource-policy"], "cross-origin")

    def test_a_name_in_the_path_takes_the_place_of_the_uploaders(self) -> None:
        """Also one that is not ASCII."""
        place = upload(self.alice, b"...", "text/plain", "counting.txt")
        answer = download(self.bob, f"{place}/%C3%A9t%C3%A9.txt")
        self.assertEqual(answer.headers["content-disposition"], "inline; filename*=utf-8''%C3%A9t%C3%A9.txt")

    def test_what_could_do_harm_in_a_page_is_for_saving(self) -> None:
        """Serving inline content: HTML and SVG are not on the list."""
        for content_type in ("text/html", "image/svg+xml", "application/pdf", "x"):
            with self.subTest(content_type):
                place = upload(self.alice, b"<script>", content_type)
                self.assertEqual(download(self.bob, place).headers["content-disposition"], "attachment")

    def test_a_header_field_cannot_be_ended_by_a_name(self) -> None:
        """Nor a type."""
        place = upload(self.alice, b"...", "text/plain", 'a"\r\nX-Evil: 1\r\n\r\nb/c;d.txt')
        answer = download(self.bob, place)
        self.assertNotIn("x-evil", answer.headers)
        self.assertEqual(answer.content, b"...")

    def test_a_part_of_a_file(self) -> None:
        """RFC 9110, range requests."""
        place = upload(self.alice, bytes(range(100)))
        cases = (
            ("bytes=0-9", 206, bytes(range(10)), "bytes 0-9/100"),
            ("bytes=90-", 206, bytes(range(90, 100)), "bytes 90-99/100"),
            ("bytes=-5", 206, bytes(range(95, 100)), "bytes 95-99/100"),
            ("bytes=95-2000", 206, bytes(range(95, 100)), "bytes 95-99/100"),
            ("bytes=100-", 416, b"", "bytes */100"),
            ("bytes=5-1", 200, bytes(range(100)), None),
            ("bytes=0-1,5-6", 200, bytes(range(100)), None),
            ("lines=1-2", 200, bytes(range(100)), None),
        )
        for wanted, status, content, shown in cases:
            with self.subTest(wanted):
                answer = download(self.bob, place, {"Range": wanted})
                self.assertEqual((answer.status, answer.content), (status, content))
                self.assertEqual(answer.headers.get("content-range"), shown)

    def test_what_the_client_has_is_not_sent_again(self) -> None:
        """Conditional requests."""
        place = upload(self.alice, b"the same")
        etag = download(self.bob, place).headers["etag"]
        answer = download(self.bob, place, {"If-None-Match": etag})
        self.assertEqual((answer.status, answer.content), (304, b""))
        self.assertEqual(download(self.bob, place, {"If-None-Match": '"other"'}).status, 200)

    def test_only_those_with_an_account_get_it(self) -> None:
        """The older endpoints do not give out what was uploaded since."""
        place = upload(self.alice, b"...")
        path = f"/_matrix/client/v1/media/download/{place}"
        self.assertEqual(exchange(self.server.url, "GET", path).error, (401, "M_MISSING_TOKEN"))
        self.assertEqual(exchange(self.server.url, "GET", f"{OLDER}/download/{place}").error, (404, "M_NOT_FOUND"))

    def test_a_file_may_be_as_large_as_is_said(self) -> None:
        """Whether or not its length is announced; nothing is left of what is too large."""
        self.assertEqual(self.alice.get("/_matrix/client/v1/media/config"), {"m.upload.size": 300_000})
        place = upload(self.alice, b"x" * 300_000)
        self.assertEqual(len(download(self.bob, place).content), 300_000)
        answer = exchange(self.server.url, "POST", f"{OLDER}/upload", token=self.alice.token, content=b"x" * 300_001)
        self.assertEqual(answer.error, (413, "M_TOO_LARGE"))

    def test_who_has_no_account_uploads_nothing(self) -> None:
        """401."""
        answer = exchange(self.server.url, "POST", f"{OLDER}/upload", content=b"x")
        self.assertEqual(answer.error, (401, "M_MISSING_TOKEN"))

    def test_unknown_files(self) -> None:
        """404 for what is not here."""
        answer = download(self.alice, f"{self.server.name}/unknown")
        self.assertEqual(answer.error, (404, "M_NOT_FOUND"))

    def test_an_announced_file_can_be_waited_for(self) -> None:
        """Who asks before it has come gets it when it does."""
        place = self.announce()
        found: list[FileAnswer] = []
        asking = threading.Thread(target=lambda: found.append(download(self.bob, place, timeout_ms=20_000)))
        asking.start()
        self.assertEqual(self.fill(self.alice, place, b"late").status, 200)
        asking.join(30)
        self.assertEqual([one.content for one in found], [b"late"])

    def test_a_file_that_does_not_come(self) -> None:
        """504 `M_NOT_YET_UPLOADED`."""
        answer = download(self.bob, self.announce(), timeout_ms=10)
        self.assertEqual(answer.error, (504, "M_NOT_YET_UPLOADED"))

    def test_an_announced_file_is_uploaded_once_and_by_who_announced_it(self) -> None:
        """403, 409, 404."""
        place = self.announce()
        self.assertEqual(self.fill(self.bob, place, b"his").error, (403, "M_FORBIDDEN"))
        self.assertEqual(self.fill(self.alice, place, b"hers").status, 200)
        self.assertEqual(self.fill(self.alice, place, b"again").error, (409, "M_CANNOT_OVERWRITE_MEDIA"))
        self.assertEqual(self.fill(self.alice, f"{self.server.name}/no", b"").error, (404, "M_NOT_FOUND"))
        self.assertEqual(download(self.bob, place).content, b"hers")

    def test_announcing_has_a_limit(self) -> None:
        """Until what was announced has come."""
        places = [self.announce() for _ in range(3)]
        self.assertEqual(self.alice.refusal("POST", "/_matrix/media/v1/create", {}), (429, "M_LIMIT_EXCEEDED"))
        self.fill(self.alice, places[0], b"x")
        self.announce()


class OpenFilesTest(HomeserverCase):
    """Where files are for everybody, the older endpoints give them out."""

    settings: ClassVar = {"enable_authenticated_media": False}

    def test_older_endpoints(self) -> None:
        """`/_matrix/media/v3`, and its older alias."""
        place = upload(self.new_user(), b"for all")
        for version in ("v3", "r0"):
            answer = exchange(self.server.url, "GET", f"/_matrix/media/{version}/download/{place}")
            self.assertEqual((answer.status, answer.content), (200, b"for all"))


class AnyFileTest(HomeserverCase):
    """A law: what is uploaded is what is downloaded."""

    user: User

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.user = cls.server.new_user()

    @law(20)
    @given(st.binary(max_size=3000), st.integers(1, 200))
    def test_bytes_and_pieces(self, content: bytes, repeated: int) -> None:
        """Of any length, up to several pieces."""
        place = upload(self.user, content * repeated, "application/octet-stream")
        self.assertEqual(download(self.user, place).content, content * repeated)


class RestartTest(HomeserverCase):
    """What was taken stays."""

    def test_files_outlive_a_restart(self) -> None:
        """Content and thumbnails are in the folder, what is known of them in the database."""
        with running_homeserver(self.engine) as server:
            user = server.new_user()
            place = upload(user, b"kept", "text/plain", "a.txt")
            server.stop()
            server.start()
            answer = download(user, place)
            self.assertEqual(answer.content, b"kept")
            self.assertIn("a.txt", answer.headers["content-disposition"])


FilesTestOnPostgres = on_postgres(FilesTest)
RestartTestOnPostgres = on_postgres(RestartTest)
AnyFileTestOnPostgres = on_postgres(AnyFileTest)
