"""`/pushers`.

https://spec.matrix.org/v1.19/client-server-api/#push-notifications
"""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import bad_json
from homeserver.protocol.requester import Requester
from homeserver.slices.push.service import Pushers
from homeserver.slices.push.shapes import read_key, read_shape


class PusherEndpoints:
    """The user's pushers."""

    def __init__(self, pushers: Pushers) -> None:
        self._pushers = pushers

    @route("GET", "/_matrix/client/v3/pushers")
    async def pushers(self, request: Request, requester: Requester) -> Json:
        """All pushers of the user.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushers
        """
        return {"pushers": await self._pushers.pushers_of(requester.user_id)}

    @route("POST", "/_matrix/client/v3/pushers/set")
    async def set_pusher(self, request: Request, requester: Requester) -> Json:
        """Add, change or, where `kind` is null, remove a pusher.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset
        """
        body = request.json_object()
        key = read_key(body)
        if body["kind"] is None:
            await self._pushers.remove_pusher(requester.user_id, key)
            return {}
        is_appended = body.get("append", False)
        if not isinstance(is_appended, bool):
            raise bad_json("append: must be true or false.")
        await self._pushers.set_pusher(requester, read_shape(body, key), is_appended=is_appended)
        return {}
