"""`/room_keys`.

https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import invalid_param, not_found
from homeserver.protocol.requester import Requester
from homeserver.slices.key_backup.records import BackedUpKey, read_backup, read_key, read_rooms, read_sessions
from homeserver.slices.key_backup.service import KeyBackup, Part

_VERSIONS = "/_matrix/client/v3/room_keys/version"
_VERSION = f"{_VERSIONS}/{{version}}"
_KEYS = "/_matrix/client/v3/room_keys/keys"
_ROOM = f"{_KEYS}/{{roomId}}"
_SESSION = f"{_ROOM}/{{sessionId}}"


class BackupEndpoints:
    """The backups themselves."""

    def __init__(self, backup: KeyBackup) -> None:
        self._backup = backup

    @route("POST", _VERSIONS)
    async def create(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3room_keysversion"""
        algorithm, auth_data = read_backup(request.json_object())
        return {"version": await self._backup.create(requester.user_id, algorithm, auth_data)}

    @route("GET", _VERSIONS)
    async def current(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keysversion"""
        return (await self._backup.get_current(requester.user_id)).client_format()

    @route("GET", _VERSION)
    async def version(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keysversionversion"""
        return (await self._backup.get(_of_path(request, requester))).client_format()

    @route("PUT", _VERSION)
    async def update(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keysversionversion"""
        body, part = request.json_object(), _of_path(request, requester)
        if body.get("version", part.version) != part.version:
            raise invalid_param("version: is another one than in the path.")
        algorithm, auth_data = read_backup(body)
        await self._backup.update(part, algorithm, auth_data)
        return {}

    @route("DELETE", _VERSION)
    async def delete(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3room_keysversionversion"""
        await self._backup.delete(_of_path(request, requester))
        return {}


class BackedUpKeyEndpoints:
    """The keys in backups: of all rooms, of one, of one session."""

    def __init__(self, backup: KeyBackup) -> None:
        self._backup = backup

    @route("PUT", _KEYS)
    async def put_keys(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keyskeys"""
        return await self._backup.put_keys(_part(request, requester), read_rooms(request.json_object()))

    @route("PUT", _ROOM)
    async def put_room(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keyskeysroomid"""
        keys = list(read_sessions(request.parameters["roomId"], request.json_object()))
        return await self._backup.put_keys(_part(request, requester), keys)

    @route("PUT", _SESSION)
    async def put_session(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keyskeysroomidsessionid"""
        path = request.parameters
        key = read_key(path["roomId"], path["sessionId"], request.json_object())
        return await self._backup.put_keys(_part(request, requester), [key])

    @route("GET", _KEYS)
    async def keys(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keyskeys"""
        rooms: dict[str, Any] = {}
        for key in await self._backup.keys(_part(request, requester)):
            rooms.setdefault(key.room_id, {"sessions": {}})["sessions"][key.session_id] = key.client_format()
        return {"rooms": rooms}

    @route("GET", _ROOM)
    async def room(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keyskeysroomid"""
        return {"sessions": _sessions(await self._backup.keys(_part(request, requester)))}

    @route("GET", _SESSION)
    async def session(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keyskeysroomidsessionid"""
        keys = await self._backup.keys(_part(request, requester))
        if not keys:
            raise not_found("The backup has no key of this session.")
        return keys[0].client_format()

    @route("DELETE", (_KEYS, _ROOM, _SESSION))
    async def delete_keys(self, request: Request, requester: Requester) -> Json:
        """https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3room_keyskeys"""
        return await self._backup.delete_keys(_part(request, requester))


def _of_path(request: Request, requester: Requester) -> Part:
    return Part(requester.user_id, request.parameters["version"])


def _part(request: Request, requester: Requester) -> Part:
    """What the request is about."""
    path = request.parameters
    return Part(requester.user_id, request.query.required("version"), path.get("roomId"), path.get("sessionId"))


def _sessions(keys: Iterable[BackedUpKey]) -> dict[str, Any]:
    return {key.session_id: key.client_format() for key in keys}
