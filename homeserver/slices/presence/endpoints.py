"""`/presence/{userId}/status`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import bad_json, forbidden, missing_param
from homeserver.protocol.requester import Requester
from homeserver.slices.presence.service import Presence

_PATH = "/_matrix/client/v3/presence/{userId}/status"


class PresenceEndpoints:
    """Presence."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence

    @route("GET", _PATH)
    async def get(self, request: Request, requester: Requester) -> Json:
        """A user's presence.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3presenceuseridstatus
        """
        return await self._presence.get(request.parameters["userId"], requester.user_id)

    @route("PUT", _PATH, access=Access.USER, limit="rc_presence", refuses_suspended=True)
    async def put(self, request: Request, requester: Requester) -> Json:
        """Set one's own presence.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3presenceuseridstatus
        """
        if request.parameters["userId"] != requester.user_id:
            raise forbidden("You can only set your own presence.")
        body = request.json_object()
        state, status_msg = body.get("presence"), body.get("status_msg")
        if state is None:
            raise missing_param("presence: is missing.")
        if not isinstance(state, str):
            raise bad_json("presence: must be a string.")
        if status_msg is not None and not isinstance(status_msg, str):
            raise bad_json("status_msg: must be a string.")
        await self._presence.put(requester.user_id, state, status_msg)
        return {}
