"""Dehydrated devices: made, and told of devices that go or are logged in with, and of accounts that end."""

from __future__ import annotations

from homeserver.accounts.kernel import AccountParts
from homeserver.slices.dehydrated_devices.endpoints import DehydratedDeviceEndpoints
from homeserver.slices.dehydrated_devices.service import DehydratedDevices, Messages, PublishedKeys
from homeserver.wiring.ground import Ground


def dehydrated_device_endpoints(
    ground: Ground, accounts: AccountParts, keys: PublishedKeys, messages: Messages
) -> list[object]:
    """The endpoints."""
    devices = accounts.devices
    dehydrated = DehydratedDevices(ground.database, devices, keys, messages)
    devices.on_devices_deleted.append(dehydrated.forget)
    devices.on_devices_reused.append(dehydrated.forget)
    devices.staying.append(dehydrated.ids_of)
    accounts.hooks.on_deactivated.append(dehydrated.deactivate)
    return [DehydratedDeviceEndpoints(dehydrated)]
