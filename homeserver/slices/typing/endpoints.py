"""`PUT /rooms/{roomId}/typing/{userId}`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import bad_json, forbidden
from homeserver.protocol.requester import Requester
from homeserver.slices.typing.service import Typing

DEFAULT_TIMEOUT_MS = 30_000


class TypingEndpoints:
    """Typing."""

    def __init__(self, typing: Typing) -> None:
        self._typing = typing

    @route("PUT", "/_matrix/client/v3/rooms/{roomId}/typing/{userId}", access=Access.GUEST, refuses_suspended=True)
    async def set_typing(self, request: Request, requester: Requester) -> Json:
        """Say that the user is typing, or no longer is.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidtypinguserid
        """
        if request.parameters["userId"] != requester.user_id:
            raise forbidden("You can only say of yourself that you are typing.")
        body = request.json_object()
        is_typing, timeout_ms = body.get("typing"), body.get("timeout", DEFAULT_TIMEOUT_MS)
        if not isinstance(is_typing, bool):
            raise bad_json("typing: must be true or false.")
        if not isinstance(timeout_ms, int) or isinstance(timeout_ms, bool) or timeout_ms < 0:
            raise bad_json("timeout: must be a number of milliseconds.")
        await self._typing.set_typing(
            request.parameters["roomId"], requester.user_id, timeout_ms if is_typing else None
        )
        return {}
