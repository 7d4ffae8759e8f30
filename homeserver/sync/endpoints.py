"""`GET /sync`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.filters import SyncFilter, decode_filter, sync_filter
from homeserver.protocol.requester import Requester
from homeserver.sync.service import Sync, SyncRequest
from homeserver.sync.tokens import parse_sync_token

FindFilter = Callable[[str, str], Awaitable[dict[str, Any]]]
"""(user id, filter id) to the filter; 404 `M_NOT_FOUND`."""

_UNSTABLE_STATE_AFTER = "org.matrix.msc4222.state_after"
_PRESENCES = ("online", "offline", "unavailable", "org.matrix.msc3026.busy")


class SyncEndpoints:
    """`/sync`."""

    def __init__(self, sync: Sync, find_filter: FindFilter) -> None:
        self._sync = sync
        self._find_filter = find_filter
        self._filters: dict[str, SyncFilter] = {}

    @route("GET", "/_matrix/client/v3/sync", access=Access.GUEST)
    async def sync(self, request: Request, requester: Requester) -> Json:
        """What is new since a token, or everything.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
        """
        query = request.query
        since = query.find("since")
        presence = query.find("set_presence") or "online"
        if presence not in _PRESENCES:
            raise invalid_param("set_presence: must be 'online', 'offline' or 'unavailable'.")
        wanted = SyncRequest(
            filter=await self._filter(query.find("filter"), requester),
            since=parse_sync_token(since) if since else None,
            timeout_ms=query.integer("timeout", 0, 0),
            full_state=query.boolean("full_state"),
            set_presence=presence,
            state_key=_state_key(request),
        )
        return await self._sync.sync(requester, wanted)

    async def _filter(self, text: str | None, requester: Requester) -> SyncFilter:
        if not text:
            return SyncFilter()
        key = text if text.startswith("{") else f"{requester.user_id} {text}"
        known = self._filters.get(key)
        if known is None:
            if text.startswith("{"):
                known = sync_filter(decode_filter(text))
            else:
                known = sync_filter(await self._find_filter(requester.user_id, text))
            if len(self._filters) > 10_000:
                self._filters.clear()
            self._filters[key] = known
        return known


def _state_key(request: Request) -> str:
    """Under which name the state goes: asked for by its unstable or its stable name."""
    if request.query.boolean("org.matrix.msc4222.use_state_after"):
        return _UNSTABLE_STATE_AFTER
    return "state_after" if request.query.boolean("use_state_after") else "state"
