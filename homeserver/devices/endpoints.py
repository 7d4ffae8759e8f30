"""`/devices` and `/delete_devices`.

https://spec.matrix.org/v1.19/client-server-api/#device-management
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.devices.records import check_device_id, check_display_name
from homeserver.devices.service import Devices
from homeserver.http.request import Request
from homeserver.http.response import Json, json_response
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import bad_json, missing_param
from homeserver.protocol.requester import Requester

_DEVICES = "/_matrix/client/v3/devices"
_DEVICE = f"{_DEVICES}/{{deviceId}}"

Confirm = Callable[[Requester, Request, dict[str, Any]], Awaitable[dict[str, Any]]]
"""User-interactive authentication: the body to carry out, without `auth`; raises 401 until the user has shown who
they are."""


class DeviceEndpoints:
    """The user's devices."""

    def __init__(self, devices: Devices, confirm: Confirm) -> None:
        self._devices = devices
        self._confirm = confirm

    @route("GET", _DEVICES, access=Access.GUEST)
    async def devices(self, request: Request, requester: Requester) -> Json:
        """All devices of the user.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devices
        """
        return {"devices": [one.client_format() for one in await self._devices.devices_of(requester.user_id)]}

    @route("GET", _DEVICE, access=Access.GUEST)
    async def device(self, request: Request, requester: Requester) -> Json:
        """One device.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devicesdeviceid
        """
        found = await self._devices.get_device(requester.user_id, request.parameters["deviceId"])
        return found.client_format()

    @route("PUT", _DEVICE, access=Access.GUEST)
    async def put_device(self, request: Request, requester: Requester) -> Json:
        """Name a device; an application service also creates one.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3devicesdeviceid
        """
        device_id = request.parameters["deviceId"]
        name = request.json_object().get("display_name")
        if name is not None and not isinstance(name, str):
            raise bad_json("display_name: must be a string.")
        check_display_name(name or "")
        if requester.app_service is not None:
            check_device_id(device_id)
            is_new = await self._devices.create_or_rename(requester.user_id, device_id, name)
            return json_response(201 if is_new else 200, {})
        if name is None:
            await self._devices.get_device(requester.user_id, device_id)
        else:
            await self._devices.rename(requester.user_id, device_id, name)
        return {}

    @route("DELETE", _DEVICE)
    async def delete_device(self, request: Request, requester: Requester) -> Json:
        """Log a device out and forget it.

        https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3devicesdeviceid
        """
        await self._confirmed(request, requester, request.json_object(optional=True))
        await self._devices.delete_devices(requester.user_id, [request.parameters["deviceId"]])
        return {}

    @route("POST", "/_matrix/client/v3/delete_devices")
    async def delete_devices(self, request: Request, requester: Requester) -> Json:
        """Log several devices out and forget them.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3delete_devices
        """
        body = request.json_object()
        if "devices" in body or not body.get("auth"):
            _device_ids(body)
        body = await self._confirmed(request, requester, body)
        await self._devices.delete_devices(requester.user_id, _device_ids(body))
        return {}

    async def _confirmed(self, request: Request, requester: Requester, body: dict[str, Any]) -> dict[str, Any]:
        """The body once the user has shown who they are; an application service has nothing to show."""
        if requester.app_service is not None:
            return body
        return await self._confirm(requester, request, body)


def _device_ids(body: dict[str, Any]) -> list[str]:
    ids = body.get("devices")
    if ids is None:
        raise missing_param("Missing field devices.")
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise bad_json("devices: must be a list of device ids.")
    return ids
