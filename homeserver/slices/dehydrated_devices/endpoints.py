"""`/dehydrated_device`, under its name of before the specification has it.

https://github.com/matrix-org/matrix-spec-proposals/pull/3814
"""

from __future__ import annotations

from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.requester import Requester
from homeserver.slices.dehydrated_devices.service import DehydratedDevices

_DEVICE = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device"
_EVENTS = f"{_DEVICE}/{{deviceId}}/events"
_GREATEST_POSITION = 2**63 - 1


class DehydratedDeviceEndpoints:
    """The user's dehydrated device."""

    def __init__(self, devices: DehydratedDevices) -> None:
        self._devices = devices

    @route("PUT", _DEVICE)
    async def put(self, request: Request, requester: Requester) -> Json:
        """Leave a device, in place of the one before."""
        return {"device_id": await self._devices.put(requester.user_id, request.json_object())}

    @route("GET", _DEVICE)
    async def get(self, request: Request, requester: Requester) -> Json:
        """The device that was left."""
        return await self._devices.get(requester.user_id)

    @route("DELETE", _DEVICE)
    async def delete(self, request: Request, requester: Requester) -> Json:
        """Delete it."""
        return {"device_id": await self._devices.delete(requester.user_id)}

    @route("GET", _EVENTS)
    async def events(self, request: Request, requester: Requester) -> Json:
        """What was sent to it: a page, with `next_batch` if and only if there is more."""
        since = _position(request.query.find("from"))
        events, upto, has_more = await self._devices.events(requester.user_id, request.parameters["deviceId"], since)
        return {"events": events, **({"next_batch": str(upto)} if has_more else {})}

    @route("POST", _EVENTS)
    async def events_as_before(self, request: Request, requester: Requester) -> Json:
        """The same for clients from before the proposal was changed, which go on until a page is empty."""
        since = _position(request.json_object(optional=True).get("next_batch"))
        events, upto, _ = await self._devices.events(requester.user_id, request.parameters["deviceId"], since)
        return {"events": events, "next_batch": str(upto)}


def _position(token: Any) -> int:
    if token is None:
        return 0
    if not isinstance(token, str) or not token.isascii() or not token.isdigit() or len(token) > 19:
        raise invalid_param("This is not a token of an answer before.")
    return min(int(token), _GREATEST_POSITION)
