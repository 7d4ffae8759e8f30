"""Queries of other servers: aliases, public rooms.

https://spec.matrix.org/v1.19/server-server-api/#querying-for-information
"""

from __future__ import annotations

from typing import Any, Protocol

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import forbidden

V1 = "/_matrix/federation/v1"


class DirectoryAnswers(Protocol):
    """What the directory answers."""

    async def query(self, alias: str | None) -> dict[str, Any]:
        """`{"room_id", "servers"}`."""

    async def public_rooms(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """One page of the list."""


class QueryEndpoints:
    """`/query/directory` and `/publicRooms`."""

    def __init__(self, directory: DirectoryAnswers, *, lists_rooms: bool) -> None:
        self._directory = directory
        self._lists_rooms = lists_rooms

    @route("GET", f"{V1}/query/directory", access=Access.SERVER)
    async def query_directory(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1querydirectory"""
        return await self._directory.query(request.query.find("room_alias"))

    @route("GET", f"{V1}/publicRooms", access=Access.SERVER)
    async def public_rooms(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1publicrooms"""
        self._check_open()
        wanted: dict[str, Any] = {"limit": request.query.integer("limit", 100, 0)}
        since = request.query.find("since")
        if since:
            wanted["since"] = since
        return await self._directory.public_rooms(wanted)

    @route("POST", f"{V1}/publicRooms", access=Access.SERVER)
    async def search_public_rooms(self, request: Request, origin: str) -> Json:
        """https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1publicrooms"""
        self._check_open()
        return await self._directory.public_rooms(request.json_object(optional=True))

    def _check_open(self) -> None:
        if not self._lists_rooms:
            raise forbidden("This server does not show its public rooms to other servers.")
