"""Publishing the keys of devices.

https://spec.matrix.org/v1.19/client-server-api/#uploading-keys
"""

from __future__ import annotations

from collections.abc import Sequence

from homeserver.database import Database, Transaction
from homeserver.slices.keys import queries_devices as queries
from homeserver.slices.keys import queries_signing
from homeserver.slices.keys.device_lists import LocalLists
from homeserver.slices.keys.one_time_keys import OneTimeKeys
from homeserver.slices.keys.shapes import Json, Upload, identity_of, read_upload


class DeviceKeys:
    """The keys of local devices. `delete_devices` takes part in the transaction of `Devices.on_devices_deleted`."""

    def __init__(self, database: Database, one_time_keys: OneTimeKeys, lists: LocalLists) -> None:
        self._database = database
        self._one_time_keys = one_time_keys
        self._lists = lists

    async def upload(self, user_id: str, device_id: str, upload: Upload) -> dict[str, int]:
        """Publish keys; the number of one-time keys by algorithm. Raises what `OneTimeKeys.upload` raises."""
        locks = self._one_time_keys.locks([user_id])
        return await self._database.transact(self._upload, user_id, device_id, upload, locks=locks)

    def locks(self, user_id: str) -> list[str]:
        """What a transaction that calls `publish` holds."""
        return self._one_time_keys.locks([user_id])

    def publish(self, tx: Transaction, user_id: str, device_id: str, body: Json) -> None:
        """Publish what the body of a `/keys/upload` has, within a transaction. Raises what reading one raises too."""
        self._upload(tx, user_id, device_id, read_upload(body, user_id, device_id))

    def delete_devices(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        """These devices are gone."""
        self._delete_keys(tx, user_id, device_ids)
        self._lists.devices_deleted(tx, user_id, device_ids)

    def _upload(self, tx: Transaction, user_id: str, device_id: str, upload: Upload) -> dict[str, int]:
        if upload.device_keys is not None:
            self._set_keys(tx, user_id, device_id, upload.device_keys)
        self._one_time_keys.upload(tx, user_id, device_id, upload)
        return self._one_time_keys.counts(tx, user_id, device_id)

    def _set_keys(self, tx: Transaction, user_id: str, device_id: str, keys: Json) -> None:
        known = queries.find_keys(tx, user_id, device_id)
        if known == keys:
            return
        if known is not None and known.get("keys") != keys.get("keys"):
            # Another client under the same device id: what was signed by the one before is worth nothing.
            self._delete_keys(tx, user_id, [device_id])
        elif known is not None and identity_of(known) != identity_of(keys):
            queries_signing.delete_signatures_of(tx, user_id, [device_id])
        queries.write_keys(tx, user_id, device_id, keys)
        self._lists.devices_changed(tx, user_id, [device_id])

    def _delete_keys(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        queries.delete_devices(tx, user_id, device_ids)
        queries_signing.delete_signatures_of(tx, user_id, device_ids)
        queries_signing.delete_signatures_with(tx, user_id, [f"ed25519:{device_id}" for device_id in device_ids])
        self._one_time_keys.delete_devices(tx, user_id, device_ids)
