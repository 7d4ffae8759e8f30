"""The web client's files."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from homeserver.http.static_files import StaticFiles
from tests.http.live_site import LiveSite, Reply
from tests.http.sample_endpoints import Samples

CSP = "default-src 'none'; script-src 'self'"


class StaticFilesTest(unittest.TestCase):
    """A folder as a bundler leaves it, served beside the API."""

    def setUp(self) -> None:
        parent = tempfile.TemporaryDirectory()
        self.addCleanup(parent.cleanup)
        folder = Path(parent.name) / "web"
        (folder / "assets").mkdir(parents=True)
        (folder / ".git").mkdir()
        (Path(parent.name) / "secret.txt").write_text("secret")
        for name, content in {
            "index.html": "<!doctype html>",
            "config.json": "{}",
            "assets/index-B7x_k2Qz.js": "script();",
            "assets/index-B7x_k2Qz.js.gz": "gzipped",
            "assets/index-B7x_k2Qz.js.br": "brotli",
            "assets/stylesheet.css": "p{}",
            ".env": "secret",
            ".git/config": "secret",
        }.items():
            (folder / name).write_text(content)
        (folder / "link.txt").symlink_to(Path(parent.name) / "secret.txt")
        resources = ["client", "static"]
        self.site = LiveSite(Samples(), static=StaticFiles(folder, CSP), resources=resources)
        self.addCleanup(self.site.close)

    def get(self, path: str, *headers: str, method: str = "GET") -> Reply:
        return self.site.exchange(method, path, headers=headers)

    def test_the_root_is_index_html_under_a_strict_policy(self) -> None:
        """Asked for again each time; no CORS."""
        reply = self.get("/?x=1")

        self.assertEqual((reply.status, reply.body), (200, b"<!doctype html>"))
        self.assertEqual(reply.find("Content-Type"), "text/html; charset=utf-8")
        self.assertEqual(reply.find("Content-Security-Policy"), CSP)
        self.assertEqual(reply.find("X-Content-Type-Options"), "nosniff")
        self.assertEqual(reply.find("Referrer-Policy"), "no-referrer")
        self.assertEqual(reply.find("Cache-Control"), "no-cache")
        self.assertIsNone(reply.find("Access-Control-Allow-Origin"))
        self.assertEqual(self.get("/index.html").body, reply.body)

    def test_hashed_names_are_cached_for_ever_and_others_are_not(self) -> None:
        """`stylesheet` is a word, not a hash."""
        self.assertIn("immutable", self.get("/assets/index-B7x_k2Qz.js").find("Cache-Control") or "")
        for path in ("/assets/stylesheet.css", "/config.json"):
            self.assertEqual(self.get(path).find("Cache-Control"), "no-cache")

    def test_compressed_forms(self) -> None:
        """As the client accepts them; brotli first."""
        path = "/assets/index-B7x_k2Qz.js"
        for accept, encoding, body in (
            ("gzip, deflate, br", "br", b"brotli"),
            ("gzip", "gzip", b"gzipped"),
            ("br;q=0, gzip;q=0.5", "gzip", b"gzipped"),
            ("identity", None, b"script();"),
            ("*", "br", b"brotli"),
        ):
            with self.subTest(accept):
                reply = self.get(path, f"Accept-Encoding: {accept}")
                self.assertEqual((reply.find("Content-Encoding"), reply.body), (encoding, body))
                self.assertEqual(reply.find("Vary"), "Accept-Encoding")
                self.assertEqual(reply.find("Content-Type"), "text/javascript; charset=utf-8")
        self.assertEqual(self.get(path).body, b"script();")

    def test_etags(self) -> None:
        """304 for what the client has; each form has its own."""
        path = "/assets/index-B7x_k2Qz.js"
        plain = self.get(path).find("ETag")
        compressed = self.get(path, "Accept-Encoding: br").find("ETag")

        self.assertNotEqual(plain, compressed)
        fresh = self.get(path, f'If-None-Match: "other", W/{plain}')
        self.assertEqual((fresh.status, fresh.body, fresh.find("ETag")), (304, b"", plain))
        self.assertEqual(self.get(path, 'If-None-Match: "other"').status, 200)

    def test_head_and_other_methods(self) -> None:
        """HEAD tells the length; the rest is 405."""
        self.assertEqual(self.get("/", method="HEAD").find("Content-Length"), "15")
        self.assertEqual(self.get("/", method="PUT").status, 405)

    def test_nothing_else_is_reachable(self) -> None:
        """Not by dots, encodings, links or hidden names; no folder listings; no page for unknown paths."""
        for path in (
            "/../secret.txt",
            "/..%2fsecret.txt",
            "/%2e%2e/secret.txt",
            "/assets/../../secret.txt",
            "//etc/passwd",
            "/..\\secret.txt",
            "/link.txt",
            "/.env",
            "/.git/config",
            "/assets",
            "/assets/",
            "/assets/index-B7x_k2Qz.js.br",
            "/some/page",
        ):
            with self.subTest(path):
                reply = self.get(path)
                self.assertIn(reply.status, (400, 404))
                self.assertNotIn(b"secret\n", reply.body)

    def test_the_api_stays_the_api(self) -> None:
        """Unknown API paths are not files."""
        self.assertEqual(self.get("/_matrix/client/v3/ping").status, 200)
        self.assertEqual(self.get("/_matrix/unknown").json()["errcode"], "M_UNRECOGNIZED")
        self.assertEqual(self.get("/_synapse/unknown").json()["errcode"], "M_UNRECOGNIZED")

    def test_a_listener_without_the_resource_has_no_files(self) -> None:
        """404 as for any path."""
        site = LiveSite(Samples())
        self.addCleanup(site.close)

        self.assertEqual(site.exchange("GET", "/").json()["errcode"], "M_UNRECOGNIZED")
