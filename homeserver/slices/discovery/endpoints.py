"""`/versions`, `/capabilities` and `/.well-known/matrix`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.requester import Requester
from homeserver.slices.discovery.service import Capabilities, Discovery


class DiscoveryEndpoints:
    """What clients ask first."""

    def __init__(self, discovery: Discovery, capabilities: Capabilities) -> None:
        self._discovery = discovery
        self._capabilities = capabilities

    @route("GET", "/_matrix/client/versions", access=Access.NONE)
    async def versions(self, request: Request) -> Json:
        """The versions of the specification this server speaks.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientversions
        """
        return self._discovery.versions()

    @route("GET", "/_matrix/client/v3/capabilities", access=Access.GUEST)
    async def capabilities(self, request: Request, requester: Requester) -> Json:
        """What the user may do here.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3capabilities
        """
        return {"capabilities": await self._capabilities.of_user(requester.user_id)}

    @route("GET", "/.well-known/matrix/client", access=Access.NONE)
    async def client_well_known(self, request: Request) -> Json:
        """Where clients find the server of this domain.

        https://spec.matrix.org/v1.19/client-server-api/#getwell-knownmatrixclient
        """
        return self._discovery.client_well_known()

    @route("GET", "/.well-known/matrix/support", access=Access.NONE)
    async def support(self, request: Request) -> Json:
        """Whom to turn to.

        https://spec.matrix.org/v1.19/client-server-api/#getwell-knownmatrixsupport
        """
        return self._discovery.support()
