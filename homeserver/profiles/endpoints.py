"""`/profile`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.profiles.service import Profiles
from homeserver.protocol.errors import forbidden, missing_param
from homeserver.protocol.requester import Requester

_PROFILE = "/_matrix/client/v3/profile/{userId}"
_FIELD = f"{_PROFILE}/{{keyName}}"


class ProfileEndpoints:
    """Profiles."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    @route("GET", _PROFILE, access=Access.NONE)
    async def profile(self, request: Request) -> Json:
        """All fields of a profile.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuserid
        """
        return await self._profiles.get_profile(request.parameters["userId"])

    @route("GET", _FIELD, access=Access.NONE)
    async def field(self, request: Request) -> Json:
        """One field of a profile.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuseridkeyname
        """
        key = request.parameters["keyName"]
        return {key: await self._profiles.get_field(request.parameters["userId"], key)}

    @route("PUT", _FIELD, access=Access.GUEST, refuses_suspended=True)
    async def set_field(self, request: Request, requester: Requester) -> Json:
        """Set a field of one's own profile.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3profileuseridkeyname
        """
        _check_own(request, requester)
        key, body = request.parameters["keyName"], request.json_object()
        if key not in body:
            raise missing_param(f"Missing field {key}.")
        await self._profiles.set_field(requester, key, body[key])
        return {}

    @route("DELETE", _FIELD, access=Access.GUEST, refuses_suspended=True)
    async def delete_field(self, request: Request, requester: Requester) -> Json:
        """Remove a field of one's own profile.

        https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3profileuseridkeyname
        """
        _check_own(request, requester)
        await self._profiles.delete_field(requester, request.parameters["keyName"])
        return {}


def _check_own(request: Request, requester: Requester) -> None:
    if request.parameters["userId"] != requester.user_id:
        raise forbidden("You can only change your own profile.")
