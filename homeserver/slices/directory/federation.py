"""What other servers ask of the directory."""

from __future__ import annotations

from typing import Any

from homeserver.protocol.errors import missing_param
from homeserver.slices.directory.public_rooms import PublicRooms, list_request
from homeserver.slices.directory.service import Directory


class DirectoryFederation:
    """Answers `/query/directory` and `/publicRooms` of the server-server API."""

    def __init__(self, directory: Directory, public_rooms: PublicRooms) -> None:
        self._directory = directory
        self._public_rooms = public_rooms

    async def query(self, alias: str | None) -> dict[str, Any]:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1querydirectory"""
        if not alias:
            raise missing_param("room_alias: is missing.")
        room_id, servers = await self._directory.resolve_local(alias)
        return {"room_id": room_id, "servers": servers}

    async def public_rooms(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """https://spec.matrix.org/v1.19/server-server-api/#public-room-directory"""
        return await self._public_rooms.page(list_request(wanted))
