"""Uploading and downloading files.

https://spec.matrix.org/v1.19/client-server-api/#content-repository
"""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json, Response, redirect
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.requester import Requester
from homeserver.slices.media.content_types import checked_name, checked_type
from homeserver.slices.media.downloads import Downloads
from homeserver.slices.media.endpoints_answers import file_response, thumbnail_about, thumbnail_size
from homeserver.slices.media.records import About, Content
from homeserver.slices.media.service import MOST_WAIT_MS, MediaFiles, Wish

#: The configured limit is lower; it is counted while the file comes.
_ANY_SIZE = 1 << 50
_WAIT_MS = 20_000
_CLIENT = "/_matrix/client/v1/media"
_OLDER = "/_matrix/media/v3"


class UploadEndpoints:
    """Taking files in."""

    def __init__(self, files: MediaFiles) -> None:
        self._files = files

    @route("GET", (f"{_CLIENT}/config", f"{_OLDER}/config"), access=Access.GUEST)
    async def config(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediaconfig"""
        return {"m.upload.size": self._files.most_bytes}

    @route("POST", f"{_OLDER}/upload", stream_body=True, max_body_bytes=_ANY_SIZE, refuses_suspended=True)
    async def upload(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#post_matrixmediav3upload"""
        await self._files.check_ahead(requester.user_id, request.content_length or 0)
        return {"content_uri": await self._files.upload(request.body_chunks(), _about(request), requester.user_id)}

    @route("POST", "/_matrix/media/v1/create", limit="rc_media_create", refuses_suspended=True)
    async def create(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#post_matrixmediav1create"""
        uri, expires_ts = await self._files.announce(requester.user_id)
        return {"content_uri": uri, "unused_expires_at": expires_ts}

    @route(
        "PUT",
        f"{_OLDER}/upload/{{serverName}}/{{mediaId}}",
        stream_body=True,
        max_body_bytes=_ANY_SIZE,
        refuses_suspended=True,
    )
    async def fill(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#put_matrixmediav3uploadservernamemediaid"""
        await self._files.check_ahead(requester.user_id, request.content_length or 0)
        wish = Wish(request.parameters["serverName"], request.parameters["mediaId"])
        await self._files.fill(wish, request.body_chunks(), _about(request), requester.user_id)
        return {}


class DownloadEndpoints:
    """Giving files out. Not cancellable: others may be waiting for the same file to come from its server."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads

    @route(
        "GET",
        (
            f"{_CLIENT}/download/{{serverName}}/{{mediaId}}",
            f"{_CLIENT}/download/{{serverName}}/{{mediaId}}/{{fileName}}",
        ),
        access=Access.GUEST,
        cancellable=False,
    )
    async def download(self, request: Request, requester: Requester) -> Response:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediadownloadservernamemediaid"""
        return await self._download(request, _wish(request))

    @route("GET", f"{_CLIENT}/thumbnail/{{serverName}}/{{mediaId}}", access=Access.GUEST, cancellable=False)
    async def thumbnail(self, request: Request, requester: Requester) -> Response:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediathumbnailservernamemediaid"""
        return await self._thumbnail(request, _wish(request))

    @route(
        "GET",
        (
            f"{_OLDER}/download/{{serverName}}/{{mediaId}}",
            f"{_OLDER}/download/{{serverName}}/{{mediaId}}/{{fileName}}",
        ),
        access=Access.NONE,
        cancellable=False,
    )
    async def download_older(self, request: Request) -> Response:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3downloadservernamemediaid"""
        return await self._download(request, self._older(request))

    @route(
        "GET",
        f"{_OLDER}/thumbnail/{{serverName}}/{{mediaId}}",
        access=Access.NONE,
        cancellable=False,
    )
    async def thumbnail_older(self, request: Request) -> Response:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3thumbnailservernamemediaid"""
        return await self._thumbnail(request, self._older(request))

    def _older(self, request: Request) -> Wish:
        """Without an account nothing is fetched for anybody where files are for those with one."""
        may_fetch = request.query.boolean("allow_remote", True) and not self._downloads.requires_account
        return _wish(request, may_fetch=may_fetch, has_account=False)

    async def _download(self, request: Request, wish: Wish) -> Response:
        media, content = await self._downloads.find(wish)
        name = checked_name(request.parameters.get("fileName")) or media.file_name
        return await self._answer(request, wish, content, About(media.content_type, name))

    async def _thumbnail(self, request: Request, wish: Wish) -> Response:
        thumbnail = await self._downloads.thumbnail(wish, thumbnail_size(request.query))
        return await self._answer(request, wish, thumbnail.content, thumbnail_about(thumbnail))

    async def _answer(self, request: Request, wish: Wish, content: Content, about: About) -> Response:
        """The older endpoints lead elsewhere only where the client says that it goes there."""
        if wish.has_account or request.query.boolean("allow_redirect"):
            url = await self._downloads.link(content, about)
            if url is not None:
                return redirect(url, 307)
        return file_response(request, content, about, self._downloads.read)


def _wish(request: Request, *, may_fetch: bool = True, has_account: bool = True) -> Wish:
    server_name = request.parameters["serverName"]
    if not server_name.isascii():
        raise invalid_param("No server has such a name.")
    return Wish(
        server_name,
        request.parameters["mediaId"],
        request.query.integer("timeout_ms", _WAIT_MS, 0, MOST_WAIT_MS),
        may_fetch,
        has_account,
    )


def _about(request: Request) -> About:
    return About(checked_type(request.headers.find("content-type")), checked_name(request.query.find("filename")))
