"""`/user/keys` and `/user/devices` of the server-server API.

https://spec.matrix.org/v1.19/server-server-api/#end-to-end-encryption
"""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.slices.keys.service import Keys
from homeserver.slices.keys.shapes import read_claim, read_query

_USER = "/_matrix/federation/v1/user"


class KeyFederationEndpoints:
    """Tells other servers the keys of local users."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    @route("POST", f"{_USER}/keys/query", access=Access.SERVER)
    async def query(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1userkeysquery"""
        return await self._keys.query_for_server(read_query(request.json_object()))

    @route("POST", f"{_USER}/keys/claim", access=Access.SERVER)
    async def claim(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1userkeysclaim"""
        return await self._keys.claim_for_server(read_claim(request.json_object()))

    @route("GET", f"{_USER}/devices/{{userId}}", access=Access.SERVER)
    async def devices(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1userdevicesuserid"""
        return await self._keys.devices_for_server(request.parameters["userId"])
