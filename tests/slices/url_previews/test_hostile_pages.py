"""Pages that mean harm, and addresses that are nobody's business."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from tests.slices.media.files import files_below, image
from tests.slices.url_previews.web import PreviewCase, Site

_TITLE = "<title>T</title>"


class ForbiddenAddressesTest(PreviewCase):
    """What is not on the public internet is not asked, neither at once nor by a detour."""

    secret: Site

    @classmethod
    def setUpClass(cls) -> None:
        cls.secret = Site("127.0.0.2")
        cls.addClassCleanup(cls.secret.close)
        super().setUpClass()
        cls.secret.html("/", "<title>Secret</title>")
        cls.secret.html("/secret.png", image(60, 60), "image/png")

    def test_addresses(self) -> None:
        """Loopback, private, link-local, IPv4 within IPv6, numbers in other clothes. The answer is that of an address
        where nobody is."""
        port = self.secret.port
        hosts = (
            *("127.0.0.2", "[::ffff:127.0.0.2]", "[::127.0.0.2]", "[64:ff9b::7f00:2]", "[2002:7f00:2::]", "2130706434"),
            *("0x7f.0.0.2", "0177.0.0.2", "127.2", "10.0.0.1", "192.168.0.1", "172.16.0.1", "169.254.169.254"),
            *("[::1]", "[fe80::1]", "[fd00::1]", "0.0.0.0", "100.64.0.1", "[::]"),
        )
        for host in hosts:
            with self.subTest(host):
                self.assertEqual(self.refused(f"http://{host}:{port}/"), (502, "M_UNKNOWN"))
        self.assertEqual(self.secret.asked, [])

    def test_detours(self) -> None:
        """A redirection, an image, where oEmbed is said to be: checked as the first address is."""
        self.site.redirections["/away"] = f"{self.secret.url}/"
        self.assertEqual(self.refused(f"{self.site.url}/away"), (502, "M_UNKNOWN"))
        pages = (
            f'{_TITLE}<meta property="og:image" content="{self.secret.url}/secret.png">',
            f'{_TITLE}<meta property="og:image" content="/to-image">',
            f'{_TITLE}<link type="application/json+oembed" href="{self.secret.url}/">',
            f'{_TITLE}<base href="{self.secret.url}/"><img src="secret.png" width=99 height=99>',
            f'{_TITLE}<meta property="og:image" content="file:///etc/passwd">',
        )
        self.site.redirections["/to-image"] = f"{self.secret.url}/secret.png"
        for position, page in enumerate(pages):
            with self.subTest(position):
                found = self.preview(self.site.html(f"/detour/{position}", page))
                self.assertNotIn("og:image", found)
        self.assertEqual(self.secret.asked, [])


class HostilePagesTest(PreviewCase):
    """Each costs one request, and leaves nothing."""

    previewing: ClassVar = {"max_spider_size": "1M", "max_image_pixels": 1_000_000}

    def test_endless_and_deep(self) -> None:
        """What is needed of a page is taken, no more; the server goes on."""
        self.site.endless |= {"/endless", "/endless.png"}
        self.assertEqual(self.preview(f"{self.site.url}/endless")["og:title"], "Endless")
        self.assertEqual(self.refused(f"{self.site.url}/endless.png"), (502, "M_UNKNOWN"))
        pages: tuple[tuple[str, dict[str, Any]], ...] = (
            (_TITLE + "<div>" * 150_000 + "deep", {"og:title": "T"}),
            (_TITLE + "<a " + 'b="c" ' * 100_000, {"og:title": "T"}),
            ("<title>" + "x" * 500_000, {"og:title": "x" * 1_000}),
            ("".join(f'<meta property="og:p{one}" content="c">' for one in range(10_000)), {}),
            ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><title>&b;</title>', {}),
            ("<title>a\0b</title>", {"og:title": "ab"}),
        )
        for position, (page, expected) in enumerate(pages):
            with self.subTest(position):
                found = self.preview(self.site.html(f"/deep/{position}", page))
                self.assertEqual(found, {**found, **expected})
                self.assertLess(len(json.dumps(found)), 100_000)
                self.assertNotIn("root:", json.dumps(found))

    def test_images_that_are_too_large_or_none(self) -> None:
        """The rest of the preview is there, and no file is left."""
        before = files_below(self.server.media_folder)
        for position, content in enumerate((image(1200, 1000), b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"", b"<svg/>")):
            with self.subTest(position):
                self.site.html(f"/bad/{position}.png", content, "image/png")
                page = f'{_TITLE}<meta property="og:image" content="/bad/{position}.png">'
                self.assertEqual(self.preview(self.site.html(f"/bad/{position}", page)), {"og:title": "T"})
        self.assertEqual(files_below(self.server.media_folder), before)


class RulesTest(PreviewCase):
    """The operator's lists of URLs."""

    previewing: ClassVar = {
        "url_preview_url_blacklist": [
            {"path": "/private/*"},
            {"username": "*"},
            {"path": "^/[0-9]+$", "scheme": "http"},
        ],
        "url_preview_url_whitelist": [{"hostname": "127.0.0.1"}, {"netloc": "*.example.org"}],
    }

    def test_lists(self) -> None:
        """403; also where a redirection or an image leads (then, as nothing was found)."""
        for path in ("/private/a", "/123"):
            self.assertEqual(self.refused(self.site.html(path, _TITLE)), (403, "M_FORBIDDEN"))
        self.assertEqual(self.refused(f"http://a:b@127.0.0.1:{self.site.port}/"), (403, "M_FORBIDDEN"))
        self.assertEqual(self.refused("http://other.example/"), (403, "M_FORBIDDEN"))
        self.site.redirections["/to-private"] = "/private/a"
        self.assertEqual(self.refused(f"{self.site.url}/to-private"), (502, "M_UNKNOWN"))
        self.assertEqual(self.preview(self.site.html("/public", _TITLE))["og:title"], "T")
        self.assertNotIn("/private/a", self.site.asked)


class RobotsTest(PreviewCase):
    """Where the operator wants that, sites say what may be fetched."""

    previewing: ClassVar = {"url_preview_respects_robots": True}

    def test_robots(self) -> None:
        """`robots.txt` is asked once."""
        self.site.html("/robots.txt", "User-agent: Hearth\nDisallow: /no\n\nUser-agent: *\nDisallow: /", "text/plain")
        self.assertEqual(self.preview(self.site.html("/yes", _TITLE))["og:title"], "T")
        self.assertEqual(self.refused(self.site.html("/no", _TITLE)), (502, "M_UNKNOWN"))
        self.assertEqual(self.site.asked.count("/robots.txt"), 1)
        self.assertNotIn("/no", self.site.asked)


class ProvidersTest(PreviewCase):
    """oEmbed's providers that the operator names."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.providers = folder / "providers.json"
        cls.providers.write_text("[]", encoding="utf-8")
        cls.previewing = {"oembed": {"additional_providers": [str(cls.providers)], "disable_default_providers": True}}
        cls.settings = {}
        super().setUpClass()

    providers: Path

    def test_a_provider_is_asked_in_place_of_the_page(self) -> None:
        """By the schemes in the file."""
        endpoint = {"url": f"{self.site.url}/oembed.{{format}}", "schemes": ["http://127.*.0.1:*/videos/*"]}
        self.providers.write_text(json.dumps([{"endpoints": [endpoint]}]), encoding="utf-8")
        self.server.stop()
        self.server.start()
        page = self.site.html("/videos/1", _TITLE)
        said = {"type": "video", "title": "Film", "author_name": "Ann", "thumbnail_url": "/none.png"}
        query = f"url={page.replace(':', '%3A').replace('/', '%2F')}&format=json"
        self.site.html(f"/oembed.json?{query}", json.dumps(said), "application/json")
        self.assertEqual(self.preview(page), {"og:title": "Film", "og:type": "video.other"})
        self.assertNotIn("/videos/1", self.site.asked)
