"""Sending server notices, at the path and with the body that existing tools for administrators use.

https://element-hq.github.io/synapse/latest/admin_api/server_notices.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import MatrixError, bad_json, missing_param
from homeserver.protocol.ids import check_user_id
from homeserver.protocol.requester import Requester
from homeserver.rooms.service import TransactionKey
from homeserver.slices.server_notices.service import Notice, ServerNotices

_PATH = "/_synapse/admin/v1/send_server_notice"

CheckAdmin = Callable[[Requester], None]
"""Raises 403 `M_FORBIDDEN` for who is no administrator."""


class ServerNoticeEndpoints:
    """For administrators. `notices`: None where the configuration has no `server_notices`."""

    def __init__(self, notices: ServerNotices | None, check_admin: CheckAdmin) -> None:
        self._notices = notices
        self._check_admin = check_admin

    @route("POST", _PATH)
    async def send(self, request: Request, requester: Requester) -> Json:
        """Send a notice: `user_id`, `content`, and for other events than messages `type` and `state_key`."""
        return await self._send(request, requester, None)

    @route("PUT", f"{_PATH}/{{txnId}}")
    async def send_once(self, request: Request, requester: Requester) -> Json:
        """The same; a request that is repeated sends nothing more."""
        txn_id = request.parameters["txnId"]
        txn = TransactionKey(requester.user_id, requester.device_id or "", "server_notices", txn_id)
        return await self._send(request, requester, txn)

    async def _send(self, request: Request, requester: Requester, txn: TransactionKey | None) -> Json:
        self._check_admin(requester)
        if self._notices is None:
            raise MatrixError(400, "M_UNKNOWN", "This server sends no notices: server_notices is not configured.")
        return {"event_id": await self._notices.send(_notice(request.json_object()), txn)}


def _notice(body: dict[str, Any]) -> Notice:
    for name in ("user_id", "content"):
        if name not in body:
            raise missing_param(f"Missing field {name}.")
    user_id, content = body["user_id"], body["content"]
    event_type, state_key = body.get("type", "m.room.message"), body.get("state_key")
    if not isinstance(user_id, str) or not isinstance(event_type, str):
        raise bad_json("user_id, type: must be strings.")
    if not isinstance(content, dict):
        raise bad_json("content: must be an object.")
    if state_key is not None and not isinstance(state_key, str):
        raise bad_json("state_key: must be a string.")
    check_user_id(user_id)
    return Notice(user_id, content, event_type, state_key)
