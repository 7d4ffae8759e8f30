"""`/search`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import forbidden
from homeserver.protocol.requester import Requester
from homeserver.slices.search.asking import find_search
from homeserver.slices.search.service import Searching


class SearchEndpoints:
    """The search in messages. `is_enabled`: as the operator says (`enable_search`)."""

    def __init__(self, searching: Searching, *, is_enabled: bool) -> None:
        self._searching = searching
        self._is_enabled = is_enabled

    @route("POST", "/_matrix/client/v3/search", access=Access.USER)
    async def search(self, request: Request, requester: Requester) -> Json:
        """Search in the rooms the user is or was in.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3search
        """
        if not self._is_enabled:
            raise forbidden("The search is switched off on this server.")
        search = find_search(request.json_object())
        if search is None:
            return {"search_categories": {}}
        found = await self._searching.search(search, requester, request.query.find("next_batch"))
        return {"search_categories": {"room_events": found}}
