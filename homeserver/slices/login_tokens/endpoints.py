"""`/login/get_token`."""

from __future__ import annotations

from homeserver.accounts.ui_auth import UiAuth
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.requester import Requester
from homeserver.slices.login_tokens.service import LoginTokens


class LoginTokenEndpoints:
    """For clients that log in others."""

    def __init__(self, tokens: LoginTokens, ui_auth: UiAuth) -> None:
        self._tokens = tokens
        self._ui_auth = ui_auth

    @route("POST", "/_matrix/client/v1/login/get_token", limit="rc_login.account")
    async def get_token(self, request: Request, requester: Requester) -> Json:
        """A token with which another client logs in as the requester, once.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv1loginget_token
        """
        # For each token anew, however short a while ago the user has shown who they are.
        await self._ui_auth.confirm(requester, request, request.json_object(optional=True), may_reuse=False)
        token = await self._tokens.create(requester.user_id)
        return {"login_token": token, "expires_in_ms": self._tokens.lifetime_ms}
