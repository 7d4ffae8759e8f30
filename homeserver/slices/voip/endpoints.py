"""`GET /voip/turnServer`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.requester import Requester
from homeserver.slices.voip.service import TurnServer


class VoipEndpoints:
    """Voice over IP."""

    def __init__(self, turn_server: TurnServer) -> None:
        self._turn_server = turn_server

    @route("GET", "/_matrix/client/v3/voip/turnServer", access=Access.GUEST)
    async def turn_server(self, request: Request, requester: Requester) -> Json:
        """Credentials of the TURN server; an empty object where there is none.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3voipturnserver
        """
        if requester.is_guest and not self._turn_server.allows_guests:
            raise MatrixError(403, "M_GUEST_ACCESS_FORBIDDEN", "Guests may not use this server's TURN server.")
        return self._turn_server.credentials(requester.user_id)
