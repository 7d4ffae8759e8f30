"""`POST /v4/sync`, and the unstable path by which clients know it today."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.requester import Requester
from homeserver.sync.sliding.bodies import StableBody, UnstableBody, stable_request, unstable_request
from homeserver.sync.sliding.service import SlidingSync

_UNSTABLE = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"
_MOST_BYTES = 512 * 1024


class SlidingSyncEndpoints:
    """Sliding sync. A client that goes away while it waits is not answered: it asks again with the `pos` it has."""

    def __init__(self, sliding: SlidingSync) -> None:
        self._sliding = sliding

    @route("POST", "/_matrix/client/v4/sync", access=Access.GUEST, max_body_bytes=_MOST_BYTES, cancellable=True)
    async def sync(self, request: Request, requester: Requester) -> Json:
        """What is new in a window of rooms since the connection was last answered.

        https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#api
        """
        return await self._sliding.sync(requester, stable_request(request.decode(StableBody)))

    @route("POST", _UNSTABLE, access=Access.GUEST, max_body_bytes=_MOST_BYTES, cancellable=True)
    async def unstable_sync(self, request: Request, requester: Requester) -> Json:
        """The same in the shape of before the proposal was accepted.

        https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md#changelog
        """
        query = request.query
        wanted = unstable_request(
            request.decode(UnstableBody, optional=True),
            requester.user_id,
            query.find("pos"),
            query.integer("timeout", 0, 0),
            query.find("set_presence"),
        )
        return await self._sliding.sync(requester, wanted)
