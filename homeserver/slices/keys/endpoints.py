"""`/keys/upload`, `/keys/query` and `/keys/claim`."""

from __future__ import annotations

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.requester import Requester
from homeserver.slices.keys.device_keys import DeviceKeys
from homeserver.slices.keys.service import Keys
from homeserver.slices.keys.shapes import read_claim, read_query, read_timeout_ms, read_upload

_KEYS = "/_matrix/client/v3/keys"


class KeyEndpoints:
    """Publishes keys, and asks for others'."""

    def __init__(self, device_keys: DeviceKeys, keys: Keys) -> None:
        self._device_keys = device_keys
        self._keys = keys

    @route("POST", f"{_KEYS}/upload", access=Access.GUEST)
    async def upload(self, request: Request, requester: Requester) -> Json:
        """Publish keys of this device.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysupload
        """
        if requester.device_id is None:
            raise invalid_param("Keys belong to a device; this access token has none.")
        upload = read_upload(request.json_object(), requester.user_id, requester.device_id)
        counts = await self._device_keys.upload(requester.user_id, requester.device_id, upload)
        return {"one_time_key_counts": counts}

    @route("POST", f"{_KEYS}/query", access=Access.GUEST)
    async def query(self, request: Request, requester: Requester) -> Json:
        """Ask for the keys of users and their devices.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery
        """
        body = request.json_object()
        return await self._keys.query(requester.user_id, read_query(body), read_timeout_ms(body))

    @route("POST", f"{_KEYS}/claim", access=Access.GUEST)
    async def claim(self, request: Request, requester: Requester) -> Json:
        """Take one-time keys of devices.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysclaim
        """
        body = request.json_object()
        return await self._keys.claim(read_claim(body), read_timeout_ms(body))
