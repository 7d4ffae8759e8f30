"""`/admin`: whose devices were seen where, and locking and suspending accounts."""

from __future__ import annotations

from typing import Any

from homeserver.accounts.moderation import AccountModeration
from homeserver.accounts.service import Accounts
from homeserver.devices.records import Device
from homeserver.devices.service import Devices
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import bad_json, missing_param
from homeserver.protocol.requester import Requester

_V1 = "/_matrix/client/v1/admin"


class ModerationEndpoints:
    """For administrators; `whois` for everybody about themselves."""

    def __init__(self, moderation: AccountModeration, accounts: Accounts, devices: Devices) -> None:
        self._moderation = moderation
        self._accounts = accounts
        self._devices = devices

    @route("GET", ["/_matrix/client/v3/admin/whois/{userId}", "/_synapse/admin/v1/whois/{userId}"])
    async def whois(self, request: Request, requester: Requester) -> Json:
        """When and whence the user's devices were last seen.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3adminwhoisuserid
        """
        user_id = request.parameters["userId"]
        if user_id != requester.user_id:
            self._accounts.check_admin(requester)
        await self._accounts.get_user(user_id)
        devices = await self._devices.devices_of(user_id)
        return {"user_id": user_id, "devices": {device.device_id: _sessions(device) for device in devices}}

    @route("GET", f"{_V1}/suspend/{{userId}}")
    async def is_suspended(self, request: Request, requester: Requester) -> Json:
        """Whether an account is suspended.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1adminsuspenduserid
        """
        return {"suspended": await self._moderation.is_suspended(requester, request.parameters["userId"])}

    @route("PUT", f"{_V1}/suspend/{{userId}}")
    async def set_suspended(self, request: Request, requester: Requester) -> Json:
        """Suspend an account, or lift that.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv1adminsuspenduserid
        """
        self._accounts.check_admin(requester)
        value = _flag(request.json_object(), "suspended")
        await self._moderation.set_suspended(requester, request.parameters["userId"], value)
        return {"suspended": value}

    @route("GET", f"{_V1}/lock/{{userId}}")
    async def is_locked(self, request: Request, requester: Requester) -> Json:
        """Whether an account is locked.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1adminlockuserid
        """
        return {"locked": await self._moderation.is_locked(requester, request.parameters["userId"])}

    @route("PUT", f"{_V1}/lock/{{userId}}")
    async def set_locked(self, request: Request, requester: Requester) -> Json:
        """Lock an account, or unlock it.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv1adminlockuserid
        """
        self._accounts.check_admin(requester)
        value = _flag(request.json_object(), "locked")
        await self._moderation.set_locked(requester, request.parameters["userId"], value)
        return {"locked": value}


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is None:
        raise missing_param(f"Missing field {name}.")
    if not isinstance(value, bool):
        raise bad_json(f"{name}: must be true or false.")
    return value


def _sessions(device: Device) -> dict[str, Any]:
    """What is known of a device's connections; nothing before it was first seen."""
    connection = {"ip": device.last_seen_ip, "last_seen": device.last_seen_ts, "user_agent": device.user_agent}
    known = {name: value for name, value in connection.items() if value is not None}
    return {"sessions": [{"connections": [known] if known else []}]}
