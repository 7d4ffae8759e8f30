"""`/openid`, for clients and for third parties."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError, forbidden
from homeserver.protocol.requester import Requester
from homeserver.slices.openid.service import LIFETIME_S, OpenId


class OpenIdEndpoints:
    """Tokens for third parties."""

    def __init__(self, openid: OpenId, server_name: str) -> None:
        self._openid = openid
        self._server_name = server_name

    @route("POST", "/_matrix/client/v3/user/{userId}/openid/request_token", access=Access.USER)
    async def request_token(self, request: Request, requester: Requester) -> Json:
        """A token that says who the requester is.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3useruseridopenidrequest_token
        """
        request.json_object(optional=True)
        if request.parameters["userId"] != requester.user_id:
            raise forbidden("You can only get tokens of your own.")
        return {
            "access_token": await self._openid.new_token(requester.user_id),
            "token_type": "Bearer",
            "matrix_server_name": self._server_name,
            "expires_in": LIFETIME_S,
        }

    @route("GET", "/_matrix/federation/v1/openid/userinfo", access=Access.NONE)
    async def userinfo(self, request: Request) -> Json:
        """Whose a token is; `sub` is the user id.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1openiduserinfo
        """
        token = request.query.find("access_token")
        if not token:
            raise MatrixError(401, "M_MISSING_TOKEN", "access_token: is missing.")
        return {"sub": await self._openid.get_user(token)}
