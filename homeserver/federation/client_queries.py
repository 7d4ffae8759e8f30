"""Asking other servers about their users, rooms and devices.

https://spec.matrix.org/v1.19/server-server-api/#querying-for-information
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from homeserver.federation.calls import Call, Calls
from homeserver.federation.errors import BadAnswer
from homeserver.federation.settings import FederationSettings
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.ids import is_valid_room_id, is_valid_server_name

Json = dict[str, Any]

_V1 = ("federation", "v1")
_MAX_SERVERS = 500


class _Alias(msgspec.Struct):
    room_id: str
    servers: list[Any]


class _PublicRoom(msgspec.Struct, omit_defaults=True):
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3publicrooms"""

    room_id: str
    num_joined_members: int
    world_readable: bool
    guest_can_join: bool
    name: str | None = None
    topic: str | None = None
    canonical_alias: str | None = None
    avatar_url: str | None = None
    join_rule: str | None = None
    room_type: str | None = None


class _PublicRooms(msgspec.Struct, omit_defaults=True):
    chunk: list[Any]
    next_batch: str | None = None
    prev_batch: str | None = None
    total_room_count_estimate: int | None = None


class _Device(msgspec.Struct, omit_defaults=True):
    device_id: str
    keys: Json
    device_display_name: str | None = None


class _Devices(msgspec.Struct, omit_defaults=True):
    user_id: str
    stream_id: int
    devices: list[Any]
    master_key: Json | None = None
    self_signing_key: Json | None = None


class _UserKeys(msgspec.Struct):
    device_keys: Json
    master_keys: Json = {}
    self_signing_keys: Json = {}


class _ClaimedKeys(msgspec.Struct):
    one_time_keys: Json


class QueryClient:
    """Queries. Every method raises `FederationError`; entries of an answer that are wrong are left out of it."""

    def __init__(self, calls: Calls, settings: FederationSettings) -> None:
        self._calls = calls
        self._options = EgressOptions(total_ms=settings.request_timeout_ms)

    async def query_profile(self, destination: str, user_id: str, field: str | None = None) -> Json:
        """The profile's fields, or one of them; `displayname` and `avatar_url` are strings where they are there.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1queryprofile
        """
        query = [("user_id", user_id)] + ([] if field is None else [("field", field)])
        profile = await self._calls.ask(destination, self._get(("query", "profile"), query), Json)
        return {
            name: value
            for name, value in profile.items()
            if value is not None and (name not in ("displayname", "avatar_url") or isinstance(value, str))
        }

    async def query_directory(self, destination: str, alias: str) -> tuple[str, list[str]]:
        """(room id, at most 500 servers to join through) of an alias of that server.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1querydirectory
        """
        answer = await self._calls.ask(destination, self._get(("query", "directory"), [("room_alias", alias)]), _Alias)
        if not is_valid_room_id(answer.room_id):
            raise BadAnswer(destination, "its answer holds no room ID")
        servers = [name for name in answer.servers if isinstance(name, str) and is_valid_server_name(name)]
        return answer.room_id, servers[:_MAX_SERVERS]

    async def public_rooms(self, destination: str, body: Mapping[str, Any] | None = None) -> Json:
        """A page of the server's published rooms: `chunk` and, where there are, `next_batch`, `prev_batch`,
        `total_room_count_estimate`. `body`: `limit`, `since`, `filter` and so on.

        https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1publicrooms
        """
        page = await self._calls.ask(destination, self._post(("publicRooms",), body or {}), _PublicRooms)
        rooms = [room for room in _converted(page.chunk, _PublicRoom) if is_valid_room_id(room.room_id)]
        return {**msgspec.to_builtins(page), "chunk": msgspec.to_builtins(rooms)}

    async def user_devices(self, destination: str, user_id: str) -> Json:
        """`user_id`, `stream_id`, `devices` and the cross-signing keys there are, all of that user.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1userdevicesuserid
        """
        answer = await self._calls.ask(
            destination, self._get(("user", "devices", user_id), [], is_urgent=True), _Devices
        )
        if answer.user_id != user_id:
            raise BadAnswer(destination, "its answer is about another user")
        answer.devices = [
            msgspec.to_builtins(device)
            for device in _converted(answer.devices, _Device)
            if _is_device_of(device.keys, user_id, device.device_id)
        ]
        answer.master_key = _own_key(answer.master_key, user_id)
        answer.self_signing_key = _own_key(answer.self_signing_key, user_id)
        found: Json = msgspec.to_builtins(answer)
        return found

    async def query_user_keys(self, destination: str, device_keys: Mapping[str, list[str]]) -> Json:
        """`device_keys`, `master_keys` and `self_signing_keys` of the users asked about, and of no others.

        `device_keys`: user id to device ids, none for all.

        https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1userkeysquery
        """
        call = self._post(("user", "keys", "query"), {"device_keys": device_keys}, is_urgent=True)
        answer = await self._calls.ask(destination, call, _UserKeys)
        devices = {
            user_id: {
                device_id: keys
                for device_id, keys in _object(answer.device_keys.get(user_id)).items()
                if isinstance(keys, dict) and _is_device_of(keys, user_id, device_id)
            }
            for user_id in device_keys
        }
        found = {"device_keys": devices}
        for name, keys in (("master_keys", answer.master_keys), ("self_signing_keys", answer.self_signing_keys)):
            own = {user_id: _own_key(keys.get(user_id), user_id) for user_id in device_keys}
            found[name] = {user_id: key for user_id, key in own.items() if key is not None}
        return found

    async def claim_user_keys(self, destination: str, one_time_keys: Mapping[str, Mapping[str, str]]) -> Json:
        """User id to device id to key id to key, at most one key for each device and algorithm asked for.

        `one_time_keys`: user id to device id to algorithm.

        https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1userkeysclaim
        """
        call = self._post(("user", "keys", "claim"), {"one_time_keys": one_time_keys}, is_urgent=True)
        answer = await self._calls.ask(destination, call, _ClaimedKeys)
        found: Json = {}
        for user_id, devices in one_time_keys.items():
            claimed = _object(answer.one_time_keys.get(user_id))
            for device_id, algorithm in devices.items():
                for key_id, key in _object(claimed.get(device_id)).items():
                    if key_id.startswith(f"{algorithm}:") and isinstance(key, str | dict):
                        found.setdefault(user_id, {})[device_id] = {key_id: key}
                        break
        return found

    def _get(self, path: tuple[str, ...], query: list[tuple[str, str]], *, is_urgent: bool = False) -> Call:
        return Call("GET", (*_V1, *path), query, options=self._options, is_urgent=is_urgent)

    def _post(self, path: tuple[str, ...], content: Mapping[str, Any], *, is_urgent: bool = False) -> Call:
        return Call("POST", (*_V1, *path), content=content, options=self._options, is_urgent=is_urgent)


def _converted(values: list[Any], shape: type[Any]) -> Iterator[Any]:
    for value in values:
        try:
            yield msgspec.convert(value, shape)
        except msgspec.ValidationError:
            continue


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _is_device_of(keys: Mapping[str, Any], user_id: str, device_id: str) -> bool:
    """Whether keys are that device's, as far as they say."""
    return bool(keys.get("user_id", user_id) == user_id and keys.get("device_id", device_id) == device_id)


def _own_key(key: Any, user_id: str) -> Json | None:
    """A cross-signing key, if it is that user's."""
    return key if isinstance(key, dict) and key.get("user_id") == user_id else None
