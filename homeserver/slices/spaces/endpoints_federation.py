"""What other servers ask about spaces."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.slices.spaces.service import Spaces


class SpaceFederationEndpoints:
    """`/hierarchy` of the server-server API."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces

    @route("GET", "/_matrix/federation/v1/hierarchy/{roomId}", access=Access.SERVER)
    async def hierarchy(self, request: Request, origin: str) -> Json:
        """A space and its children.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1hierarchyroomid
        """
        only_suggested = request.query.boolean("suggested_only")
        return await self._spaces.for_server(request.parameters["roomId"], origin, only_suggested=only_suggested)
