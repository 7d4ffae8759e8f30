"""What end-to-end encryption needs: messages from device to device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from homeserver.accounts.kernel import AccountParts
from homeserver.federation.transactions import ReceiveEdu
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
    to_device = ToDevice(
        ground.database, accounts.devices.ids_of, federation.sender.queue_durable, ground.server_name
    )
    accounts.devices.on_devices_deleted.append(to_device.delete_devices)
    return Encryption(
        to_device=to_device,
        section=EncryptionSection(to_device),
        edus={"m.direct_to_device": to_device.receive},
        endpoints=[ToDeviceEndpoints(to_device)],
    )
