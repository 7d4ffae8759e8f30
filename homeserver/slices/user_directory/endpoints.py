"""`/user_directory/search`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import bad_json, invalid_param, missing_param
from homeserver.protocol.requester import Requester
from homeserver.slices.user_directory.service import UserDirectory

_MOST_RESULTS = 50


class UserDirectoryEndpoints:
    """The search for people."""

    def __init__(self, user_directory: UserDirectory) -> None:
        self._user_directory = user_directory

    @route("POST", "/_matrix/client/v3/user_directory/search", limit="rc_user_directory")
    async def search(self, request: Request, requester: Requester) -> Json:
        """Find people by user id and display name.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3user_directorysearch
        """
        body = request.json_object()
        term, limit = body.get("search_term"), body.get("limit", 10)
        if term is None:
            raise missing_param("search_term: is missing.")
        if not isinstance(term, str):
            raise bad_json("search_term: must be a string.")
        if not isinstance(limit, int) or isinstance(limit, bool):
            raise bad_json("limit: must be a number.")
        if limit < 1:
            raise invalid_param("limit: must be above 0.")
        return await self._user_directory.search(requester.user_id, term, min(limit, _MOST_RESULTS))
