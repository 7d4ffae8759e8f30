"""What a page says about itself: plain functions of bytes that strangers made, run in a worker process.

OpenGraph's properties come first (https://ogp.me/), then Twitter's cards, then what HTML has always had.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

from homeserver.slices.url_previews.charsets import text_of
from homeserver.slices.url_previews.records import ParsedPage, Properties

MOST_VALUE_CHARACTERS = 1_000
_MOST_PROPERTIES = 50
_MOST_IMAGES = 3
_MOST_WORDS_CHARACTERS = 300
_SMALLEST_IMAGE_PIXELS = 50
_SPACE = re.compile(r"\s+")
_OPENGRAPH = re.compile(r"(?:og|article|book|profile|video|music):[\w:.-]{1,60}\Z")
#: What nobody reads a page for.
_SKIPPED = frozenset(
    ("script", "style", "noscript", "template", "svg", "canvas", "picture", "iframe", "form", "button", "select")
) | {"header", "nav", "footer", "aside", "head", "object", "video", "audio", "textarea", "label"}
_TWITTER = {"twitter:title": "og:title", "twitter:description": "og:description", "twitter:site": "og:site_name"}
_DESCRIPTIONS = ("description", "dc.description", "dcterms.description", "dcterms.abstract")


def parse_page(page: bytes, content_type: str, url: str) -> ParsedPage:
    """A page from `url`; one that says nothing is empty."""
    tree = _tree(text_of(page, content_type))
    if tree is None:
        return ParsedPage()
    metas = _metas(tree)
    url = urljoin(url, _first(one.get("href") for one in tree.iter("base")) or url)
    properties = {name: value for name, value in metas.items() if _OPENGRAPH.match(name)}
    for name, taken_for in _TWITTER.items():
        if name in metas:
            properties.setdefault(taken_for, metas[name])
    title = _title(tree)
    if title:
        properties.setdefault("og:title", title)
    words = _first(metas.get(name) for name in _DESCRIPTIONS) or _words(tree)
    if words:
        properties.setdefault("og:description", words)
    images = _absolute(url, [*_said_images(metas, tree), *_shown_images(tree)])
    kept = {name: value for name, value in properties.items() if not name.startswith("og:image")}
    return ParsedPage(dict(list(kept.items())[:_MOST_PROPERTIES]), images[:_MOST_IMAGES], _oembed(tree, url))


def parse_oembed(answer: bytes, url: str) -> ParsedPage:
    """What an oEmbed provider says (https://oembed.com/); empty for what is not that."""
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        return ParsedPage()
    if not isinstance(said, dict):
        return ParsedPage()
    kind = said.get("type")
    properties: Properties = {}
    for name, key in (("og:title", "title"), ("og:site_name", "provider_name"), ("og:title", "author_name")):
        text = _text(said.get(key))
        if text:
            properties.setdefault(name, text)
    if kind == "video":
        properties["og:type"] = "video.other"
    if kind == "rich" and isinstance(said.get("html"), str):
        tree = _tree(said["html"][: 64 * 1024])
        words = "" if tree is None else _words(tree)
        if words:
            properties["og:description"] = words
    picture = said.get("url") if kind == "photo" else said.get("thumbnail_url")
    return ParsedPage(properties, _absolute(url, [picture]))


def _tree(text: str) -> Any:
    """The page's root; None where there is no element. Depth is bounded by the library, which reaches for nothing."""
    # Only worker processes need this library.
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    parser.feed(text.replace("\0", "").encode("utf-8", "replace"))
    try:
        return parser.close()
    except etree.XMLSyntaxError:
        return None


def _metas(tree: Any) -> dict[str, str]:
    """What `meta` elements say, by their name; the first of a name counts."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        content = _text(element.get("content"))
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _title(tree: Any) -> str:
    for tag in ("title", "h1", "h2"):
        for element in tree.iter(tag):
            text = _text("".join(element.itertext()))
            if text:
                return text
    return ""


def _words(tree: Any) -> str:
    """The first words that are to be read, cut at the end of a word."""
    body = next(tree.iter("body"), tree)
    found, length = [], 0
    for piece in _readable(body):
        text = _SPACE.sub(" ", piece).strip()
        if text:
            found.append(text)
            length += len(text) + 1
        if length > _MOST_WORDS_CHARACTERS:
            break
    words = " ".join(found)
    if len(words) <= _MOST_WORDS_CHARACTERS:
        return words
    return words[: _MOST_WORDS_CHARACTERS + 1].rpartition(" ")[0] + "…"


def _readable(body: Any) -> Iterator[str]:
    """Pieces of text, in their order."""
    waiting: list[Any] = [body]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
            continue
        if one.tail and one is not body:
            waiting.append(one.tail)
        if one.tag in _SKIPPED or not isinstance(one.tag, str):
            continue
        waiting.extend(reversed(one))
        if one.text:
            yield one.text


def _said_images(metas: dict[str, str], tree: Any) -> list[str | None]:
    names = ("og:image", "og:image:secure_url", "og:image:url", "twitter:image", "twitter:image:src", "image")
    links = [one.get("href") for one in tree.iter("link") if (one.get("rel") or "").lower() == "image_src"]
    return [*(metas.get(name) for name in names), *links]


def _shown_images(tree: Any) -> list[str | None]:
    """The largest first, by what the page says of their size."""
    sized = []
    for element in tree.iter("img"):
        width, height = _pixels(element.get("width")), _pixels(element.get("height"))
        if min(width, height) >= _SMALLEST_IMAGE_PIXELS:
            sized.append((width * height, element.get("src")))
    return [source for _, source in sorted(sized, key=lambda one: -one[0])]


def _pixels(text: str | None) -> int:
    digits = (text or "").strip().removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 6 else 0


def _oembed(tree: Any, url: str) -> str | None:
    for element in tree.iter("link"):
        if (element.get("type") or "").lower() == "application/json+oembed":
            return next(iter(_absolute(url, [element.get("href")])), None)
    return None


def _absolute(url: str, references: Iterable[Any]) -> tuple[str, ...]:
    found = []
    for reference in references:
        if not isinstance(reference, str) or not reference.strip():
            continue
        try:
            one = urljoin(url, reference.strip())
        except ValueError:
            continue
        if one.startswith(("http://", "https://")) and one not in found:
            found.append(one)
    return tuple(found)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return _SPACE.sub(" ", value).strip()[:MOST_VALUE_CHARACTERS]


def _first(values: Iterable[str | None]) -> str | None:
    return next((one for one in values if one), None)
