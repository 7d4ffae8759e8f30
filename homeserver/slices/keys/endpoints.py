"""`/keys/upload`, `/keys/query`, `/keys/claim` and `/keys/changes`."""

from __future__ import annotations

from collections.abc import Callable

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.requester import Requester
from homeserver.slices.keys.device_keys import DeviceKeys
from homeserver.slices.keys.device_lists import ListChanges
from homeserver.slices.keys.service import Keys
from homeserver.slices.keys.shapes import read_claim, read_query, read_timeout_ms, read_upload

_KEYS = "/_matrix/client/v3/keys"


PositionOf = Callable[[str], int]
"""A token of `/sync` to the position that it stands for; 400 `M_INVALID_PARAM`."""


class KeyEndpoints:
    """Publishes keys, and asks for others'."""

    def __init__(self, device_keys: DeviceKeys, keys: Keys, changes: ListChanges, position_of: PositionOf) -> None:
        self._device_keys = device_keys
        self._keys = keys
        self._changes = changes
        self._position_of = position_of

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

    @route("GET", f"{_KEYS}/changes")
    async def changes(self, request: Request, requester: Requester) -> Json:
        """Whose devices changed between two syncs.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3keyschanges
        """
        since = self._position_of(request.query.required("from"))
        upto = self._position_of(request.query.required("to"))
        return await self._changes.changes(requester.user_id, since, upto)
