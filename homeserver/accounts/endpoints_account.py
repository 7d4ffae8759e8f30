"""`/account`: who one is, changing the password, ending the account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from homeserver.accounts.bodies import optional_boolean, optional_text
from homeserver.accounts.deactivation import Deactivation
from homeserver.accounts.password_changes import PasswordChanges
from homeserver.accounts.registration import EMAIL
from homeserver.accounts.stages import PASSWORD
from homeserver.accounts.ui_auth import Operation, UiAuth
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError, forbidden, missing_param, missing_token
from homeserver.protocol.requester import Requester

_ACCOUNT = "/_matrix/client/v3/account"
_LIMIT = "rc_login.address"


class AccountEndpoints:
    """`/account/whoami`, `/account/password`, `/account/deactivate`."""

    def __init__(
        self, ui_auth: UiAuth, password_changes: PasswordChanges, deactivation: Deactivation, has_passwords: bool = True
    ) -> None:
        self._ui_auth = ui_auth
        self._password_changes = password_changes
        self._deactivation = deactivation
        self._has_passwords = has_passwords

    @route("GET", f"{_ACCOUNT}/whoami", access=Access.GUEST)
    async def whoami(self, request: Request, requester: Requester) -> Json:
        """Whose the access token is.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3accountwhoami
        """
        answer: dict[str, Any] = {"user_id": requester.user_id, "is_guest": requester.is_guest}
        if requester.device_id is not None:
            answer["device_id"] = requester.device_id
        return answer

    @route("POST", f"{_ACCOUNT}/password", access=Access.OPTIONAL)
    async def change_password(self, request: Request, requester: Requester | None) -> Json:
        """Change the password; by default all other logins end.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpassword
        """
        if not self._has_passwords:
            raise forbidden("This server has no passwords.")
        body = request.json_object()
        _check_new_password(self._password_changes, body, is_required=not body.get("auth"))
        user_id, body = await self._authenticated(request, requester, body, (PASSWORD, EMAIL))
        password = _check_new_password(self._password_changes, body, is_required=True)
        await self._password_changes.change(
            user_id, password, logs_out=optional_boolean(body, "logout_devices", True), except_for=requester
        )
        return {}

    @route("POST", f"{_ACCOUNT}/deactivate", access=Access.OPTIONAL)
    async def deactivate(self, request: Request, requester: Requester | None) -> Json:
        """End the account.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate
        """
        body = request.json_object(optional=True)
        optional_boolean(body, "erase")
        optional_text(body, "id_server")
        if requester is not None and requester.app_service is not None:
            user_id = requester.user_id
        else:
            user_id, body = await self._authenticated(request, requester, body, (PASSWORD,))
        is_unbound = await self._deactivation.unbind(user_id, optional_text(body, "id_server"))
        await self._deactivation.deactivate(user_id, erase=optional_boolean(body, "erase"))
        return {"id_server_unbind_result": "success" if is_unbound else "no-support"}

    async def _authenticated(
        self, request: Request, requester: Requester | None, body: dict[str, Any], stages: Sequence[str]
    ) -> tuple[str, dict[str, Any]]:
        """Who it is and the body, once they have shown it: without an access token by one of the stages."""
        if requester is not None:
            if requester.is_guest:
                raise MatrixError(403, "M_GUEST_ACCESS_FORBIDDEN", "Guests may not do this.")
            return requester.user_id, await self._ui_auth.confirm(requester, request, body, may_reuse=False)
        flows = [[stage] for stage in stages if self._ui_auth.has_stage(stage)]
        if not flows:
            raise missing_token()
        authorised = await self._ui_auth.authenticate(Operation(request=request, body=body, flows=flows))
        if authorised.user_id is None:
            raise forbidden("There is no account to be changed.")
        await self._password_changes.check_unlocked(authorised.user_id)
        return authorised.user_id, authorised.body


def _check_new_password(changes: PasswordChanges, body: dict[str, Any], *, is_required: bool) -> str:
    password = optional_text(body, "new_password")
    if password is None:
        if is_required:
            raise missing_param("Missing field new_password.")
        return ""
    changes.check_strength(password)
    return password
