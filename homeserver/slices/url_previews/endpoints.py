"""Asking for the preview of a URL."""

from __future__ import annotations

import msgspec

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.requester import Requester
from homeserver.slices.url_previews.service import UrlPreviews


class UrlPreviewEndpoints:
    """There only where the operator wants previews."""

    def __init__(self, previews: UrlPreviews) -> None:
        self._previews = previews

    @route(
        "GET",
        ("/_matrix/client/v1/media/preview_url", "/_matrix/media/v3/preview_url"),
        limit="rc_url_preview",
        cancellable=False,
    )
    async def preview(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediapreview_url"""
        url = request.query.required("url")
        request.query.find_integer("ts")
        return msgspec.Raw(await self._previews.preview(url))
