"""Making previews, and keeping them for an hour."""

from __future__ import annotations

import hashlib
import logging
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any
from urllib.parse import urldefrag

import msgspec
from twisted.internet.defer import DeferredSemaphore

from homeserver.database import Database
from homeserver.http.egress import EgressStream
from homeserver.http.egress_errors import EgressError
from homeserver.protocol.errors import MatrixError, forbidden, invalid_param
from homeserver.rooms.service import wall_clock_ms
from homeserver.single_flight import SingleFlight
from homeserver.slices.url_previews import queries
from homeserver.slices.url_previews.fetching import Fetching, beginning
from homeserver.slices.url_previews.oembed import Providers
from homeserver.slices.url_previews.parsing import parse_oembed, parse_page
from homeserver.slices.url_previews.records import KeepImage, NoPreview, ParsedPage, Processes, Properties
from homeserver.slices.url_previews.robots import Robots

logger = logging.getLogger(__name__)

_KEPT_MS = 3_600_000
_FAILURE_KEPT_MS = 60_000
#: Clients keep previews for longer than this server does.
_IMAGES_KEPT_MS = 2 * 24 * _KEPT_MS
_AT_ONCE = 10
#: What a page says about itself stands near its beginning.
_MOST_PAGE_BYTES = 2 * 1024 * 1024
_MOST_OEMBED_BYTES = 256 * 1024
_PAGES = ("text/html", "application/xhtml+xml")
_ACCEPT = "text/html,application/xhtml+xml,image/*;q=0.8,*/*;q=0.5"


class UrlPreviews:
    """Previews for this server's users. `robots` None: what sites say to robots does not count."""

    def __init__(
        self,
        database: Database,
        fetching: Fetching,
        providers: Providers,
        robots: Robots | None,
        keep_image: KeepImage,
        processes: Processes,
    ) -> None:
        self._database = database
        self._fetching = fetching
        self._providers = providers
        self._robots = robots
        self._keep_image = keep_image
        self._processes = processes
        self._under_way: SingleFlight[str, bytes | None] = SingleFlight()
        self._places = DeferredSemaphore(_AT_ONCE)

    async def preview(self, url: str) -> bytes:
        """The preview of a page or an image, as JSON. 400 `M_INVALID_PARAM` for what is no http or https URL, 403
        `M_FORBIDDEN` for what the operator does not want previewed, 502 `M_UNKNOWN` where there is nothing to be had
        (and for any reason: who asks does not learn what is behind an address)."""
        url, _ = urldefrag(url)
        if not url.lower().startswith(("http://", "https://")) or not url.isprintable():
            raise invalid_param("url: must begin with http:// or https://.")
        if not self._fetching.is_allowed(url):
            raise forbidden("This server makes no previews of this page.")
        key = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
        kept = await self._database.glance(queries.find_preview, key, wall_clock_ms())
        answer = kept[0] if kept is not None else await self._under_way.run(key, partial(self._make, url, key))
        if answer is None:
            raise MatrixError(502, "M_UNKNOWN", "There is no preview of this page.")
        return answer

    async def reap(self) -> None:
        """Forget what holds no more."""
        await self._database.transact(queries.delete_expired, wall_clock_ms())

    async def _make(self, url: str, key: str) -> bytes | None:
        await self._places.acquire()
        answer = None
        try:
            answer = msgspec.json.encode(await self._preview(url))
        except NoPreview as error:
            logger.info("no preview: %s", error)
        finally:
            self._places.release()
        kept_ms = _FAILURE_KEPT_MS if answer is None else _KEPT_MS
        await self._database.transact(queries.write_preview, key, answer, wall_clock_ms() + kept_ms)
        return answer

    async def _preview(self, url: str) -> Properties:
        endpoint = self._providers.find(url)
        if endpoint is not None:
            found = await self._ask_provider(endpoint)
            if found.properties:
                return await self._with_image(found)
        if self._robots is not None:
            await self._robots.check(url)
        stream = await self._fetching.open(url, _ACCEPT)
        content_type = stream.headers.get("content-type").partition(";")[0].strip().lower()
        if content_type.startswith("image/"):
            return await self._taken(stream)
        if content_type not in _PAGES:
            stream.abort()
            return {}
        return await self._of_page(stream)

    async def _of_page(self, stream: EgressStream) -> Properties:
        content_type, url = stream.headers.get("content-type"), stream.url
        page = await beginning(stream, min(_MOST_PAGE_BYTES, self._fetching.most_bytes))
        found = await self._parsed(parse_page, page, content_type, url)
        if found.oembed is not None and not (found.images and "og:title" in found.properties):
            more = await self._ask_provider(found.oembed)
            found = ParsedPage({**found.properties, **more.properties}, (*more.images, *found.images))
        return await self._with_image(found)

    async def _ask_provider(self, endpoint: str) -> ParsedPage:
        """What a provider says; nothing where it does not answer."""
        try:
            stream = await self._fetching.open(endpoint, "application/json")
            return await self._parsed(parse_oembed, await beginning(stream, _MOST_OEMBED_BYTES), endpoint)
        except NoPreview as error:
            logger.info("no answer of an oEmbed provider: %s", error)
            return ParsedPage()

    async def _with_image(self, found: ParsedPage) -> Properties:
        """The first of the images that can be had."""
        for url in found.images:
            try:
                image = await self._taken(await self._fetching.open(url, "image/*"))
            except NoPreview as error:
                logger.info("no image for a preview: %s", error)
                continue
            if image:
                return {**found.properties, **image}
        return found.properties

    async def _taken(self, stream: EgressStream) -> Properties:
        """Keep an image; nothing for what is none. Raises `NoPreview`."""
        try:
            image = await self._keep_image(stream, self._fetching.most_bytes, wall_clock_ms() + _IMAGES_KEPT_MS)
        except (EgressError, MatrixError) as error:
            raise NoPreview(str(error)) from None
        finally:
            stream.abort()
        if image is None:
            return {}
        return {
            "og:image": image.uri,
            "og:image:type": image.content_type,
            "og:image:width": image.width,
            "og:image:height": image.height,
            "matrix:image:size": image.size_bytes,
        }

    async def _parsed(self, parse: Any, *arguments: Any) -> ParsedPage:
        try:
            found: ParsedPage = await self._processes.run(parse, *arguments)
        except (BrokenProcessPool, TimeoutError, MemoryError, ValueError, RecursionError) as error:
            raise NoPreview(f"parsing: {type(error).__name__}") from None
        return found
