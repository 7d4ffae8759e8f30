"""What comes wrong, or with bad intent: refused with the specification's error, and nothing is left of it on disk."""

from __future__ import annotations

import os
import socket
import time
import unittest
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ClassVar
from urllib.parse import urlsplit

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from homeserver.processes import WorkerProcesses
from tests.slices.media.bombs import hostile_images
from tests.slices.media.files import download, exchange, files_below, image, size_of, thumbnail, upload
from tests.support.api_client import User
from tests.support.homeserver import HomeserverCase
from tests.support.own_reactor import run

_OLDER = "/_matrix/media/v3"
_PATIENCE_S = 60


class BadUploadsTest(HomeserverCase):
    """Uploads that end otherwise than they said."""

    settings: ClassVar = {"max_upload_size": 100_000}

    def setUp(self) -> None:
        self.alice = self.new_user("alice")
        self.before = files_below(self.server.media_folder)

    def send(
        self, fields: str, body: bytes, path: str = f"{_OLDER}/upload", method: str = "POST", *, is_cut: bool = True
    ) -> bytes:
        """The first line of the answer to a request that is sent as it is, and then no more: cut off, or waiting."""
        address = urlsplit(self.server.url)
        with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=_PATIENCE_S) as sent:
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.alice.token}\r\n{fields}\r\n"
            try:
                sent.sendall(head.encode() + body)
                if is_cut:
                    sent.shutdown(socket.SHUT_WR)
                return sent.recv(4096).partition(b"\r\n")[0]
            except ConnectionError:
                return b""

    def assert_nothing_is_left(self) -> None:
        """Soon: the end of a connection takes a moment to be noticed."""
        begun = time.monotonic()
        while (found := files_below(self.server.media_folder)) != self.before:
            if time.monotonic() - begun > _PATIENCE_S:
                self.assertEqual(found, self.before)
            time.sleep(0.01)

    def test_uploads_that_break_off(self) -> None:
        """Whatever was said of their length; also of a file that was announced, which may come later then."""
        announced = self.alice.post("/_matrix/media/v1/create")["content_uri"].removeprefix("mxc://")
        chunked = "Transfer-Encoding: chunked\r\n"
        cases: tuple[tuple[str, bytes], ...] = (
            ("Content-Length: 90000\r\n", b"x" * 50_000),
            ("Content-Length: 90000\r\n", b""),
            (chunked, b"C350\r\n" + b"x" * 50_000 + b"\r\n"),
            (chunked, b"C350\r\n" + b"x" * 10_000),
            (chunked, b"zz\r\nxx\r\n0\r\n\r\n"),
            (chunked + "Content-Length: 5\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
            ("Content-Length: 5\r\nContent-Length: 6\r\n", b"hello!"),
            ("Content-Length: -5\r\n", b"hello"),
        )
        for path, method in ((f"{_OLDER}/upload", "POST"), (f"{_OLDER}/upload/{announced}", "PUT")):
            for fields, body in cases:
                with self.subTest(fields, method=method, size=len(body)):
                    self.assertNotIn(b" 200 ", self.send(fields, body, path, method))
                    self.assert_nothing_is_left()
        path = f"{_OLDER}/upload/{announced}"
        answer = exchange(self.server.url, "PUT", path, token=self.alice.token, content=b"whole")
        self.assertEqual(answer.status, 200)
        self.assertEqual(download(self.alice, announced).content, b"whole")

    def test_uploads_that_are_too_large(self) -> None:
        """413, at once where they say so, else as soon as it is too much."""
        self.assertIn(b" 413 ", self.send("Content-Length: 100001\r\n", b"", is_cut=False))
        endless = (b"C350\r\n" + b"x" * 50_000 + b"\r\n") * 2 + b"1\r\nx\r\n"
        self.assertIn(b" 413 ", self.send("Transfer-Encoding: chunked\r\n", endless, is_cut=False))
        self.assert_nothing_is_left()

    def test_hostile_names_of_files(self) -> None:
        """They stand in a header field and nowhere else."""
        names = (
            "../../etc/passwd",
            "..\\..\\boot.ini",
            "a\0b",
            "/",
            ".",
            "\u202egpj.exe",
            "x" * 5_000,
            "a\r\nb",
            '"; a="',
        )
        for name in names:
            with self.subTest(name[:20]):
                answer = exchange(
                    self.server.url,
                    "POST",
                    f"{_OLDER}/upload",
                    token=self.alice.token,
                    content=b"harmless",
                    query={"filename": name},
                )
                self.assertIn(answer.status, (200, 400))
                if answer.status == 200:
                    self.check_disposition(answer.content.decode().partition("mxc://")[2].rstrip('"}'))
        self.assertEqual(len(files_below(self.server.media_folder)), len(self.before) + 1)
        self.before = files_below(self.server.media_folder)

    def check_disposition(self, place: str) -> None:
        """No folder, no line end, no second parameter."""
        field = download(self.alice, place).headers["content-disposition"]
        self.assertNotRegex(field, r"[/\\\r\n]|\.\.")
        self.assertLess(len(field), 3_200)
        self.assertRegex(field, r"^(inline|attachment)(; filename(=[^ \";]+|=\"[^\"]*\"|\*=utf-8''[^ ;]+))?\Z")

    def test_hostile_ids(self) -> None:
        """Refused; no file of the machine, no address outside of the rules, is reached by a name."""
        places = (
            *("..%2F..%2Fetc%2Fpasswd/x", "x/..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd/a", "x/%00", "%00/x", "x/%FF"),
            *("a%2Fb/c", "a%3Fb/c", "a%23b/c", "a@b/c", "%20/x", "127.0.0.1:0/x", "[::1/x", "-/x", f"{'x' * 300}/x"),
            *(f"localhost/{'x' * 3_000}", "localhost:99999/x", "xn--/x", "%E2%98%83/x", "a..b/x", "10.0.0.1/x"),
            *(f"{self.server.name}/..%2F..%2Fhomeserver.db", f"{self.server.name}/%2E%2E", f"{self.server.name}/%0A"),
        )
        for place in places:
            for kind, query in (("download", {}), ("thumbnail", {"width": 9, "height": 9})):
                with self.subTest(place[:40], kind=kind):
                    path = f"/_matrix/client/v1/media/{kind}/{place}"
                    answer = exchange(self.server.url, "GET", path, token=self.alice.token, query=query)
                    self.assertIn(answer.status, (400, 403, 404, 502))
                    self.assertTrue(answer.error[1].startswith("M_"))
        self.assert_nothing_is_left()


class HostileImagesTest(HomeserverCase):
    """Each costs one refused request."""

    user: User

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.user = cls.server.new_user()

    def test_the_corpus(self) -> None:
        """400 `M_UNKNOWN`, still or moving; no file but the upload, and the next image has its thumbnail."""
        refused = 0
        for name, content in hostile_images():
            place = upload(self.user, content, "image/png")
            before = files_below(self.server.media_folder)
            for animated in ("false", "true"):
                with self.subTest(name, animated=animated):
                    answer = thumbnail(self.user, place, width=96, height=96, method="crop", animated=animated)
                    self.assertEqual(answer.error, (400, "M_UNKNOWN"))
                    refused += 1
            self.assertEqual(files_below(self.server.media_folder), before)
        self.assertGreater(refused, 50)
        place = upload(self.user, image(200, 200), "image/png")
        self.assertEqual(size_of(thumbnail(self.user, place, width=96, height=96, method="crop").content), (96, 96))

    def test_types_that_lie(self) -> None:
        """What is said to be an image is shown as one, but is no page: sandboxed, not sniffed; HTML is for saving."""
        for content_type, kind in (
            ("image/png", "inline"),
            ("text/html", "attachment"),
            ("image/svg+xml", "attachment"),
        ):
            with self.subTest(content_type):
                answer = download(self.user, upload(self.user, b"<svg><script>alert(1)</script></svg>", content_type))
                self.assertEqual(answer.headers["content-disposition"].partition(";")[0], kind)
                self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
                self.assertTrue(answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'"))
                self.assertIn("immutable", answer.headers["cache-control"])


class WorkersTest(unittest.TestCase):
    """The processes that read what strangers made."""

    def setUp(self) -> None:
        self.workers = WorkerProcesses(reactor)
        self.addCleanup(self.workers.close)

    def test_one_that_dies_takes_no_other_along(self) -> None:
        """The task beside it goes on, and the next one has a process."""

        async def both() -> list[Any]:
            started: list[Any] = []
            for function, argument in ((time.sleep, 0.5), (os._exit, 3)):
                work: Callable[..., Any] = function
                started.append(
                    Deferred.fromCoroutine(self.workers.run(work, argument)).addErrback(lambda why: why.type)
                )
            return list(await gatherResults(started))

        self.assertEqual(run(both(), timeout_s=60), [None, BrokenProcessPool])
        self.assertEqual(run(self.workers.run(len, "alive"), timeout_s=60), 5)

    def test_memory(self) -> None:
        """More than there is to be is refused."""
        with self.assertRaises(MemoryError):
            run(self.workers.run(bytearray, 3 * 1024**3), timeout_s=60)
