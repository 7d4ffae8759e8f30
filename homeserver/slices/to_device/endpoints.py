"""`PUT /sendToDevice`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import missing_param
from homeserver.protocol.requester import Requester
from homeserver.slices.to_device.messages import checked_messages
from homeserver.slices.to_device.service import ToDevice


class ToDeviceEndpoints:
    """Sends messages to devices."""

    def __init__(self, to_device: ToDevice) -> None:
        self._to_device = to_device

    @route("PUT", "/_matrix/client/v3/sendToDevice/{eventType}/{txnId}", access=Access.GUEST)
    async def send_to_device(self, request: Request, requester: Requester) -> Json:
        """Send a message to some devices, or to all devices of some users.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid
        """
        body, path = request.json_object(), request.parameters
        if "messages" not in body:
            raise missing_param("messages: which devices are to get what?")
        sending = checked_messages(body["messages"], requester.user_id, path["eventType"])
        await self._to_device.send(sending, requester.device_id, path["txnId"])
        return {}
