"""`/notifications`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.requester import Requester
from homeserver.rooms.service import wall_clock_ms
from homeserver.rooms.views import Viewer
from homeserver.slices.notifications.history import NotificationHistory, Wanted

_USUAL = 20
_MOST = 100


class NotificationEndpoints:
    """What has notified the user."""

    def __init__(self, history: NotificationHistory) -> None:
        self._history = history

    @route("GET", "/_matrix/client/v3/notifications")
    async def notifications(self, request: Request, requester: Requester) -> Json:
        """A page of it, the newest first; with `only=highlight` what is highlighted.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3notifications
        """
        limit = request.query.integer("limit", _USUAL, 1, _MOST)
        # `only` is a list of words in older clients; what is not known does not filter.
        is_highlighted = "highlight" in (request.query.find("only") or "").split(",")
        wanted = Wanted(limit, is_highlighted, request.query.find("from") or None)
        return await self._history.page(Viewer.of(requester, wall_clock_ms()), wanted)
