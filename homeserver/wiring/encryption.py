"""What end-to-end encryption needs: messages from device to device, and public keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from homeserver.accounts.kernel import AccountParts
from homeserver.federation.transactions import ReceiveEdu
from homeserver.slices.keys.device_keys import DeviceKeys
from homeserver.slices.keys.endpoints import KeyEndpoints
from homeserver.slices.keys.endpoints_federation import KeyFederationEndpoints
from homeserver.slices.keys.local_keys import LocalKeys
from homeserver.slices.keys.one_time_keys import OneTimeKeys
from homeserver.slices.keys.service import Keys, Place
from homeserver.slices.to_device.endpoints import ToDeviceEndpoints
from homeserver.slices.to_device.service import ToDevice
from homeserver.sync.encryption import EncryptionSection
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class Encryption:
    """See the module. `section`: what `/sync` tells of it."""

    to_device: ToDevice
    section: EncryptionSection
    edus: Mapping[str, ReceiveEdu]
    endpoints: list[object]

    async def reap(self) -> None:
        """Forget what is past its time."""
        await self.to_device.reap()


def wire_encryption(ground: Ground, federation: Federation, accounts: AccountParts) -> Encryption:
    """Make it, and have it told of devices that go."""
    devices = accounts.devices
    to_device = ToDevice(ground.database, devices.ids_of, federation.sender.queue_durable, ground.server_name)
    one_time_keys = OneTimeKeys(ground.database, ground.budget)
    device_keys = DeviceKeys(ground.database, one_time_keys)
    devices.on_devices_deleted += [to_device.delete_devices, device_keys.delete_devices]
    place = Place(ground.server_name, ground.config.federation.allow_device_name_lookup, ground.reactor)
    keys = Keys(ground.database, LocalKeys(devices.names_of), one_time_keys, federation.client.queries, place)
    return Encryption(
        to_device=to_device,
        section=EncryptionSection(to_device, one_time_keys),
        edus={"m.direct_to_device": to_device.receive},
        endpoints=[ToDeviceEndpoints(to_device), KeyEndpoints(device_keys, keys), KeyFederationEndpoints(keys)],
    )
