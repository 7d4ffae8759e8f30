"""`/profile`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.profiles.service import Profiles
from homeserver.protocol.errors import forbidden, missing_param
from homeserver.protocol.ids import check_user_id
from homeserver.protocol.requester import Requester

_PROFILE = "/_matrix/client/v3/profile/{userId}"
_FIELD = f"{_PROFILE}/{{keyName}}"


MayRead = Callable[[str, str], Awaitable[bool]]
"""(reader, user): whether the reader may see the user's profile."""


class ProfileEndpoints:
    """Changing one's profile."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

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


class OpenProfileEndpoints:
    """Reading profiles, for everybody."""

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
        return await _field(self._profiles, request)


class GuardedProfileEndpoints:
    """Reading profiles, for those with an account here who may see them."""

    def __init__(self, profiles: Profiles, may_read: MayRead) -> None:
        self._profiles = profiles
        self._may_read = may_read

    @route("GET", _PROFILE, access=Access.GUEST)
    async def profile(self, request: Request, requester: Requester) -> Json:
        """All fields of a profile; 403 `M_FORBIDDEN` for who may not see it.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuserid
        """
        await self._check_may_read(request, requester)
        return await self._profiles.get_profile(request.parameters["userId"])

    @route("GET", _FIELD, access=Access.GUEST)
    async def field(self, request: Request, requester: Requester) -> Json:
        """One field of a profile; 403 as for all.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuseridkeyname
        """
        await self._check_may_read(request, requester)
        return await _field(self._profiles, request)

    async def _check_may_read(self, request: Request, requester: Requester) -> None:
        user_id = request.parameters["userId"]
        check_user_id(user_id)
        if user_id != requester.user_id and not await self._may_read(requester.user_id, user_id):
            raise forbidden("This server shows profiles only to those who share a room with their users.")


async def _field(profiles: Profiles, request: Request) -> Json:
    key = request.parameters["keyName"]
    return {key: await profiles.get_field(request.parameters["userId"], key)}


def _check_own(request: Request, requester: Requester) -> None:
    if request.parameters["userId"] != requester.user_id:
        raise forbidden("You can only change your own profile.")
