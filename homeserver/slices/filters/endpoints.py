"""`/user/{userId}/filter`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import forbidden
from homeserver.protocol.requester import Requester
from homeserver.slices.filters.service import Filters

_FILTERS = "/_matrix/client/v3/user/{userId}/filter"
_MOST_BYTES = 64 * 1024


class FilterEndpoints:
    """Filters. Guests have them too: they may sync."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters

    @route("POST", _FILTERS, access=Access.GUEST, max_body_bytes=_MOST_BYTES)
    async def add(self, request: Request, requester: Requester) -> Json:
        """Keep a filter.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3useruseridfilter
        """
        _check_own(request, requester)
        return {"filter_id": await self._filters.add(requester.user_id, request.json_object())}

    @route("GET", f"{_FILTERS}/{{filterId}}", access=Access.GUEST)
    async def filter(self, request: Request, requester: Requester) -> Json:
        """A filter kept before.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridfilterfilterid
        """
        _check_own(request, requester)
        return await self._filters.get_filter(requester.user_id, request.parameters["filterId"])


def _check_own(request: Request, requester: Requester) -> None:
    if request.parameters["userId"] != requester.user_id:
        raise forbidden("You can only add and read your own filters.")
