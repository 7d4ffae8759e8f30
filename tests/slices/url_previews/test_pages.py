"""What a page says about itself, and from where.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediapreview_url
"""

from __future__ import annotations

import json
from typing import ClassVar

from tests.slices.media.files import download, exchange, image, size_of, thumbnail
from tests.slices.url_previews.web import PATH, PreviewCase
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

_OPENGRAPH = """<html prefix="og: http://ogp.me/ns#"><head><title>Not this</title>
<meta property="og:title" content=" The   Rock "><meta property="og:type" content="video.movie">
<meta property="og:image" content="rock.png"><meta property="og:image:width" content="1">
<meta property="og:description" content="Two men &amp; an island"></head><body>words</body></html>"""
_TWITTER = """<title>Not this</title><meta name="twitter:title" content="Short">
<meta name="twitter:description" content="A card"><meta name="twitter:image" content="/card.png">"""
_PLAIN = """<title>Plain</title><body><nav>Home</nav><script>evil()</script><h1>Head</h1><p>First words</p>
<!-- not this --><p>and <b>more</b> of them.</p><footer>Imprint</footer>
<img src="tiny.png" width=10 height=10><img src="large.png" width="300px" height="200"></body>"""
_DESCRIBED = '<title>T</title><meta name="Description" content="As it says"><p>Not this</p>'


class PagesTest(PreviewCase):
    """Of pages and images."""

    def test_opengraph(self) -> None:
        """Its properties, and the image as a file of this server's."""
        picture = image(279, 129)
        self.site.html("/rock.png", picture, "image/png")
        found = self.preview(self.site.html("/opengraph", _OPENGRAPH))
        uri = found.pop("og:image")
        self.assertEqual(
            found,
            {
                "og:title": "The Rock",
                "og:type": "video.movie",
                "og:description": "Two men & an island",
                "og:image:type": "image/png",
                "og:image:width": 279,
                "og:image:height": 129,
                "matrix:image:size": len(picture),
            },
        )
        place = uri.removeprefix("mxc://")
        answer = download(self.user, place)
        self.assertEqual((answer.content, answer.headers["content-type"]), (picture, "image/png"))
        self.assertEqual(size_of(thumbnail(self.user, place, width=32, height=32, method="crop").content), (32, 32))

    def test_what_else_pages_say(self) -> None:
        """Twitter's cards; and what HTML has: a title, a description, else the words that people read."""
        cases: tuple[tuple[str, dict[str, str]], ...] = (
            (_TWITTER, {"og:title": "Short", "og:description": "A card"}),
            (_PLAIN, {"og:title": "Plain", "og:description": "Head First words and more of them."}),
            (_DESCRIBED, {"og:title": "T", "og:description": "As it says"}),
            ("<h2>Only a heading</h2>", {"og:title": "Only a heading", "og:description": "Only a heading"}),
            ("", {}),
            ("<title></title><meta property='og:title'>", {}),
        )
        for position, (page, expected) in enumerate(cases):
            with self.subTest(position):
                self.assertEqual(self.preview(self.site.html(f"/says/{position}", page)), expected)

    def test_images_of_a_page(self) -> None:
        """The first that can be had: said ones, then the largest shown; one that lies about being an image is none."""
        self.site.html("/i/large.png", image(60, 40), "text/plain")
        self.site.html("/i/lie.png", b"<html>", "image/png")
        page = (
            '<title>I</title><meta property="og:image" content="lie.png"><meta name="twitter:image" content="none.png">'
        )
        found = self.preview(self.site.html("/i/page", page + _PLAIN))
        self.assertEqual((found["og:image:width"], found["og:image:type"]), (60, "image/png"))

    def test_the_preview_of_an_image(self) -> None:
        """Is the image; its type is what it is."""
        found = self.preview(self.site.html("/photo", image(50, 20, "WEBP"), "image/jpeg"))
        self.assertEqual((found["og:image:type"], found["og:image:width"]), ("image/webp", 50))
        self.assertEqual(self.preview(self.site.html("/lie", b"no image", "image/jpeg")), {})

    def test_other_files(self) -> None:
        """Have no preview; nothing is read of them."""
        self.assertEqual(self.preview(self.site.html("/pdf", b"%PDF", "application/pdf")), {})

    def test_charsets(self) -> None:
        """By byte order mark, header field, the page itself; else UTF-8 or Windows-1252; unknown ones are as none."""
        cases = (
            ("<title>é€</title>".encode(), "text/html"),
            ("<title>é€</title>".encode("cp1252"), "text/html"),
            ("<title>é€</title>".encode("cp1252"), "text/html; charset=ISO-8859-1"),
            ("<title>é€</title>".encode("iso8859-15"), "text/html; charset='iso-8859-15'"),
            (b'<meta charset="iso-8859-15">' + "<title>é€</title>".encode("iso8859-15"), "text/html"),
            (b'<?xml version="1.0" encoding="iso-8859-15"?>' + "<title>é€</title>".encode("iso8859-15"), "text/html"),
            ("\ufeff<title>é€</title>".encode("utf-16-le"), "text/html"),
            ("\ufeff<title>é€</title>".encode(), "text/html; charset=cp1252"),
            ("<title>é€</title>".encode(), "text/html; charset=unknown-8"),
            ("<title>é€</title>".encode(), "text/html; charset=idna"),
        )
        for position, (page, content_type) in enumerate(cases):
            with self.subTest(content_type, position=position):
                url = self.site.html(f"/charset/{position}", page, content_type)
                self.assertEqual(self.preview(url)["og:title"], "é€")

    def test_it_is_kept(self) -> None:
        """The site is asked once, by whichever path it is asked for; the fragment does not matter."""
        url = self.site.html("/kept", _DESCRIBED)
        self.assertEqual(self.preview(f"{url}#a"), self.preview(f"{url}#b"))
        older = exchange(
            self.server.url, "GET", "/_matrix/media/v3/preview_url", token=self.user.token, query={"url": url, "ts": 1}
        )
        self.assertEqual(json.loads(older.content)["og:title"], "T")
        self.assertEqual(self.site.asked.count("/kept"), 1)
        self.assertEqual(self.site.fields("/kept")["accept-language"], "en")
        self.assertNotIn("authorization", self.site.fields("/kept"))

    def test_redirections(self) -> None:
        """Are followed, a few times; references in the page are relative to where it is in the end."""
        self.site.redirections |= {"/a": "/b", "/b": f"{self.site.url}/c/d", "/round": "/round"}
        self.site.html("/c/d", '<base href="e/"><meta property="og:image" content="f.png"><title>C</title>')
        self.site.html("/c/e/f.png", image(51, 52), "image/png")
        found = self.preview(f"{self.site.url}/a")
        self.assertEqual((found["og:title"], found["og:image:height"]), ("C", 52))
        self.assertEqual(self.refused(f"{self.site.url}/round"), (502, "M_UNKNOWN"))

    def test_oembed(self) -> None:
        """A page may say where more is said of it."""
        said = {"type": "photo", "title": "Pond", "provider_name": "Photos", "url": "/pond.png", "version": "1.0"}
        self.site.html("/oembed?u=1", json.dumps(said), "application/json")
        self.site.html("/pond.png", image(70, 70), "image/png")
        page = '<p>hello<link rel="alternate" type="application/json+oembed" href="/oembed?u=1">'
        found = self.preview(self.site.html("/pond", page))
        self.assertEqual((found["og:title"], found["og:site_name"]), ("Pond", "Photos"))
        self.assertEqual(found["og:image:width"], 70)

    def test_wrong_requests(self) -> None:
        """400 with what is wrong; 401 without an account; 502 for what is not there."""
        cases: tuple[tuple[dict[str, str], tuple[int, str]], ...] = (
            ({}, (400, "M_MISSING_PARAM")),
            ({"url": "ftp://example.org/"}, (400, "M_INVALID_PARAM")),
            ({"url": "javascript:alert(1)"}, (400, "M_INVALID_PARAM")),
            ({"url": "http://a/\r\nX: y"}, (400, "M_INVALID_PARAM")),
            ({"url": "http://example.org/", "ts": "yesterday"}, (400, "M_INVALID_PARAM")),
            ({"url": "http://"}, (502, "M_UNKNOWN")),
            ({"url": f"{self.site.url}/not-there"}, (502, "M_UNKNOWN")),
            ({"url": "http://[::1/"}, (403, "M_FORBIDDEN")),
        )
        for query, error in cases:
            with self.subTest(query):
                answer = exchange(self.server.url, "GET", PATH, token=self.user.token, query=query)
                self.assertEqual(answer.error, error)
        self.assertEqual(exchange(self.server.url, "GET", PATH).error, (401, "M_MISSING_TOKEN"))


class NoPreviewsTest(HomeserverCase):
    """Previews are off unless the operator wants them."""

    def test_the_endpoint_is_not_there(self) -> None:
        """404 `M_UNRECOGNIZED`."""
        user = self.new_user()
        answer = exchange(self.server.url, "GET", PATH, token=user.token, query={"url": "http://example.org"})
        self.assertEqual(answer.error, (404, "M_UNRECOGNIZED"))


class LanguageTest(PreviewCase):
    """The operator says in which languages pages are asked for."""

    previewing: ClassVar = {"url_preview_accept_language": ["de", "en;q=0.5"]}

    def test_the_field(self) -> None:
        """`Accept-Language`."""
        self.preview(self.site.html("/language", _DESCRIBED))
        self.assertEqual(self.site.fields("/language")["accept-language"], "de, en;q=0.5")


PagesTestOnPostgres = on_postgres(PagesTest)
