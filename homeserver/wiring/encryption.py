"""What end-to-end encryption needs: messages from device to device, public keys, whose devices changed, and backups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from homeserver.accounts.kernel import AccountParts
from homeserver.federation.transactions import ReceiveEdu
from homeserver.rooms.sharing import RoomSharing
from homeserver.slices.key_backup.endpoints import BackedUpKeyEndpoints, BackupEndpoints
from homeserver.slices.key_backup.service import KeyBackup
from homeserver.slices.keys.cross_signing import CrossSigning
from homeserver.slices.keys.device_keys import DeviceKeys
from homeserver.slices.keys.device_lists import ListChanges, LocalLists
from homeserver.slices.keys.endpoints import KeyEndpoints
from homeserver.slices.keys.endpoints_federation import KeyFederationEndpoints
from homeserver.slices.keys.endpoints_signing import SigningEndpoints
from homeserver.slices.keys.local_keys import LocalKeys, OwnDevices
from homeserver.slices.keys.one_time_keys import OneTimeKeys
from homeserver.slices.keys.remote_keys import RemoteKeys
from homeserver.slices.keys.remote_lists import RemoteLists
from homeserver.slices.keys.resync import Resync
from homeserver.slices.keys.service import Keys
from homeserver.slices.keys.signatures import Signatures
from homeserver.slices.to_device.endpoints import ToDeviceEndpoints
from homeserver.slices.to_device.service import ToDevice
from homeserver.sync.encryption import EncryptionSection, EncryptionSources
from homeserver.sync.tokens import parse_sync_token
from homeserver.wiring.dehydrated_devices import dehydrated_device_endpoints
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class Encryption:
    """See the module. `section`: what `/sync` tells of it, out of `sources`."""

    to_device: ToDevice
    remote_lists: RemoteLists
    resync: Resync
    section: EncryptionSection
    sources: EncryptionSources
    edus: Mapping[str, ReceiveEdu]
    endpoints: list[object]

    async def start(self) -> None:
        """Go on with what a stop interrupted."""
        await self.resync.start()

    async def reap(self) -> None:
        """Forget what is past its time, and try again what failed."""
        await self.to_device.reap()
        await self.remote_lists.reap()
        await self.resync.start()
        self.resync.audit()


@dataclass(frozen=True, slots=True)
class _Lists:
    changes: ListChanges
    local: LocalLists
    remote: RemoteLists
    resync: Resync


def wire_encryption(ground: Ground, federation: Federation, accounts: AccountParts) -> Encryption:
    """Make it, and have it told of devices that come, change and go, and of who comes into rooms."""
    devices, server_name = accounts.devices, ground.server_name
    to_device = ToDevice(ground.database, devices.ids_of, federation.sender.queue_durable, server_name)
    tells_names = ground.config.federation.allow_device_name_lookup
    own_devices = OwnDevices(devices.ids_of, devices.names_of, tells_names)
    local_keys = LocalKeys(own_devices)
    lists = _lists(ground, federation, local_keys)
    one_time_keys = OneTimeKeys(ground.database, ground.budget)
    device_keys = DeviceKeys(ground.database, one_time_keys, lists.local)
    devices.on_devices_changed.append(lists.local.devices_changed)
    devices.on_devices_deleted += [to_device.delete_devices, device_keys.delete_devices]
    ground.parts.current.on_changed.append(lists.local.note_state)
    remote_keys = RemoteKeys(lists.remote, lists.resync, federation.client.queries, ground.reactor)
    keys = Keys(ground.database, local_keys, one_time_keys, remote_keys, server_name)
    cross_signing = CrossSigning(ground.database, own_devices, lists.local)
    devices.on_devices_changed.append(cross_signing.check_devices)
    accounts.hooks.on_deactivated.append(cross_signing.deactivate)
    signatures = Signatures(ground.database, lists.local, keys.master_keys)
    backup = KeyBackup(ground.database)
    accounts.hooks.on_deactivated.append(backup.deactivate)
    sources = EncryptionSources(to_device, one_time_keys, lists.changes)
    return Encryption(
        to_device=to_device,
        remote_lists=lists.remote,
        resync=lists.resync,
        section=EncryptionSection(sources),
        sources=sources,
        edus={
            "m.direct_to_device": to_device.receive,
            "m.device_list_update": lists.resync.receive_update,
            "m.signing_key_update": lists.remote.receive_signing_keys,
        },
        endpoints=[
            ToDeviceEndpoints(to_device),
            KeyEndpoints(device_keys, keys, lists.changes, lambda token: parse_sync_token(token).position),
            KeyFederationEndpoints(keys),
            BackupEndpoints(backup),
            BackedUpKeyEndpoints(backup),
            *dehydrated_device_endpoints(ground, accounts, device_keys, to_device),
            SigningEndpoints(cross_signing, signatures, partial(accounts.ui_auth.confirm, may_reuse=False)),
        ],
    )


def _lists(ground: Ground, federation: Federation, local_keys: LocalKeys) -> _Lists:
    sharing = RoomSharing(ground.server_name)
    changes = ListChanges(ground.database, sharing)
    queue_edu = federation.sender.queue_durable
    remote = RemoteLists(ground.database, changes, sharing, federation.client.queries.user_devices)
    resync = Resync(remote, ground.background.spawn)
    federation.health.on_revived(resync.retry)
    return _Lists(changes, LocalLists(changes, sharing, local_keys, queue_edu, ground.server_name), remote, resync)
