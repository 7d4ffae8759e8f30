"""Logging in and out, and refreshing tokens."""

from __future__ import annotations

from homeserver.accounts.bodies import device_request, optional_text
from homeserver.accounts.login_types import LoginTypes
from homeserver.accounts.sessions import Sessions
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import missing_param
from homeserver.protocol.requester import Requester

_V3 = "/_matrix/client/v3"


class LoginEndpoints:
    """`/login`, `/refresh` and `/logout`."""

    def __init__(self, login_types: LoginTypes, sessions: Sessions) -> None:
        self._login_types = login_types
        self._sessions = sessions

    @route("GET", f"{_V3}/login", access=Access.NONE)
    async def flows(self, request: Request) -> Json:
        """The ways to log in.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3login
        """
        return {"flows": self._login_types.flows()}

    @route("POST", f"{_V3}/login", access=Access.NONE, limit="rc_login.address")
    async def login(self, request: Request) -> Json:
        """Log in.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3login
        """
        body = request.json_object()
        device = device_request(body)
        user_id = await self._login_types.authenticate(body, request.find_token())
        return (await self._sessions.open(user_id, device)).body()

    @route("POST", f"{_V3}/refresh", access=Access.NONE)
    async def refresh(self, request: Request) -> Json:
        """New tokens for a refresh token.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3refresh
        """
        token = optional_text(request.json_object(), "refresh_token")
        if token is None:
            raise missing_param("Missing field refresh_token.")
        body = (await self._sessions.refresh(token)).body()
        return {key: body[key] for key in ("access_token", "refresh_token", "expires_in_ms") if key in body}

    @route("POST", f"{_V3}/logout", access=Access.GUEST)
    async def logout(self, request: Request, requester: Requester) -> Json:
        """End this login; its device goes with it.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3logout
        """
        await self._sessions.log_out(requester)
        return {}

    @route("POST", f"{_V3}/logout/all", access=Access.GUEST)
    async def logout_all(self, request: Request, requester: Requester) -> Json:
        """End all logins of the user.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3logoutall
        """
        await self._sessions.log_out_all(requester.user_id)
        return {}
