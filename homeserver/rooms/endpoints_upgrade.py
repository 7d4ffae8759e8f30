"""`/rooms/{roomId}/upgrade`."""

from __future__ import annotations

from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import MatrixError, bad_json, missing_param
from homeserver.protocol.ids import check_user_id
from homeserver.protocol.requester import Requester
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.rooms.endpoints_rooms import V3, FindProfile
from homeserver.rooms.upgrade_plan import Upgrade
from homeserver.rooms.upgrading import Upgrading


class UpgradeEndpoints:
    """Upgrades of rooms."""

    def __init__(self, upgrading: Upgrading, profile: FindProfile) -> None:
        self._upgrading = upgrading
        self._profile = profile

    @route("POST", f"{V3}/rooms/{{roomId}}/upgrade", limit="rc_room_creation", refuses_suspended=True)
    async def upgrade(self, request: Request, requester: Requester) -> Json:
        """Replace a room by one of another version.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidupgrade
        """
        body = request.json_object()
        version_id = body.get("new_version")
        if version_id is None:
            raise missing_param("new_version: is missing.")
        version = ROOM_VERSIONS.get(version_id) if isinstance(version_id, str) else None
        if version is None:
            raise MatrixError(400, "M_UNSUPPORTED_ROOM_VERSION", f"Room version {version_id!r} is not supported.")
        upgrade = Upgrade(request.parameters["roomId"], version, _creators(body))
        profile = await self._profile(requester.user_id)
        return {"replacement_room": await self._upgrading.upgrade(upgrade, requester, profile)}


def _creators(body: dict[str, Any]) -> tuple[str, ...]:
    creators = body.get("additional_creators", [])
    if not isinstance(creators, list) or not all(isinstance(one, str) for one in creators):
        raise bad_json("additional_creators: must be a list of user ids.")
    for user_id in creators:
        check_user_id(user_id)
    return tuple(dict.fromkeys(creators))
