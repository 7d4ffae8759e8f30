"""`/query/profile` of the server-server API."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.profiles.service import Profiles
from homeserver.protocol.errors import forbidden, invalid_param, not_found
from homeserver.protocol.ids import check_user_id, server_name_of


class ProfileQueryEndpoints:
    """Tells other servers about local users; `is_open` false: tells them nothing."""

    def __init__(self, profiles: Profiles, server_name: str, *, is_open: bool) -> None:
        self._profiles = profiles
        self._server_name = server_name
        self._is_open = is_open

    @route("GET", "/_matrix/federation/v1/query/profile", access=Access.SERVER)
    async def query_profile(self, request: Request, origin: str) -> Json:
        """A local user's profile, or one field of it.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1queryprofile
        """
        if not self._is_open:
            raise forbidden("This server does not show profiles to other servers.")
        user_id = request.query.required("user_id")
        check_user_id(user_id)
        if server_name_of(user_id) != self._server_name:
            raise invalid_param("user_id: is of another server.")
        profile = await self._profiles.get_local_profile(user_id)
        field = request.query.find("field")
        if field is None:
            return profile
        if field not in profile:
            raise not_found(f"{user_id} has no profile field {field}.")
        return {field: profile[field]}
