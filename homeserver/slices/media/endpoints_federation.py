"""Files for other servers.

https://spec.matrix.org/v1.19/server-server-api/#content-repository
"""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Response
from homeserver.http.routing import Access, route
from homeserver.slices.media.downloads import Downloads
from homeserver.slices.media.endpoints_answers import multipart_response, thumbnail_about, thumbnail_size
from homeserver.slices.media.records import About, Content
from homeserver.slices.media.service import MOST_WAIT_MS, Wish

_WAIT_MS = 20_000


class MediaFederationEndpoints:
    """Only this server's own files."""

    def __init__(self, downloads: Downloads, server_name: str) -> None:
        self._downloads = downloads
        self._server_name = server_name

    @route("GET", "/_matrix/federation/v1/media/download/{mediaId}", access=Access.SERVER)
    async def download(self, request: Request, origin: str) -> Response:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid"""
        media, content = await self._downloads.find(self._wish(request))
        return await self._answer(content, About(media.content_type, media.file_name))

    @route("GET", "/_matrix/federation/v1/media/thumbnail/{mediaId}", access=Access.SERVER)
    async def thumbnail(self, request: Request, origin: str) -> Response:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediathumbnailmediaid"""
        thumbnail = await self._downloads.thumbnail(self._wish(request), thumbnail_size(request.query))
        return await self._answer(thumbnail.content, thumbnail_about(thumbnail))

    async def _answer(self, content: Content, about: About) -> Response:
        return multipart_response(content, about, self._downloads.read, await self._downloads.link(content, about))

    def _wish(self, request: Request) -> Wish:
        timeout_ms = request.query.integer("timeout_ms", _WAIT_MS, 0, MOST_WAIT_MS)
        return Wish(self._server_name, request.parameters["mediaId"], timeout_ms, may_fetch=False)
