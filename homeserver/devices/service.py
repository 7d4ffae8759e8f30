"""The devices of local users.

https://spec.matrix.org/v1.19/client-server-api/#device-management
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence

from homeserver.database import Database, Transaction
from homeserver.devices import queries
from homeserver.devices.last_seen import LastSeen
from homeserver.devices.records import Device, new_device_id, wall_clock_ms
from homeserver.protocol.errors import not_found

DevicesHook = Callable[[Transaction, str, Sequence[str]], None]
"""(transaction, user id, device ids): takes part in the same transaction."""

IdsOf = Callable[[Transaction, str], Collection[str]]
"""(transaction, user id) to device ids."""


class Devices:
    """Adds, names and removes devices.

    `on_devices_deleted` and `on_devices_reused` are called within the transaction: whoever keeps something for a
    device (tokens, keys, messages, pushers) removes it there. A device is reused when a login names a known id: a
    client that was logged out softly comes back with its keys. `on_devices_changed` likewise: a device is new, or is
    called something else. `staying`: of devices that nobody is logged in with, which stay when all logins end.
    """

    def __init__(self, database: Database, last_seen: LastSeen, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._last_seen = last_seen
        self._clock = clock
        self.on_devices_deleted: list[DevicesHook] = []
        self.on_devices_reused: list[DevicesHook] = []
        self.on_devices_changed: list[DevicesHook] = []
        self.staying: list[IdsOf] = []

    async def devices_of(self, user_id: str) -> list[Device]:
        """All devices of a user."""
        return [self._with_last_seen(device) for device in await self._database.glance(queries.devices_of, user_id)]

    async def get_device(self, user_id: str, device_id: str) -> Device:
        """One device; 404 `M_NOT_FOUND`."""
        device = await self._database.glance(queries.find_device, user_id, device_id)
        if device is None:
            raise not_found("You have no such device.")
        return self._with_last_seen(device)

    def ids_of(self, tx: Transaction, user_id: str) -> list[str]:
        """The ids of a user's devices, within a transaction."""
        return [device.device_id for device in queries.devices_of(tx, user_id)]

    def names_of(self, tx: Transaction, user_ids: Collection[str]) -> dict[tuple[str, str], str]:
        """(user id, device id) to the display name of those devices that have one, within a transaction."""
        return queries.names_of_many(tx, user_ids)

    async def has_device(self, user_id: str, device_id: str) -> bool:
        """Whether the user has such a device."""
        return await self._database.glance(queries.find_device, user_id, device_id) is not None

    async def rename(self, user_id: str, device_id: str, display_name: str) -> None:
        """Name a device; 404 `M_NOT_FOUND`."""
        if not await self._database.transact(self._rename, user_id, device_id, display_name):
            raise not_found("You have no such device.")

    async def create_or_rename(self, user_id: str, device_id: str, display_name: str | None) -> bool:
        """For application services: whether the device is new."""
        return await self._database.transact(self._create_or_rename, user_id, device_id, display_name)

    async def delete_devices(self, user_id: str, device_ids: Collection[str]) -> None:
        """Log devices out and forget them; ids that are no devices are passed over."""
        await self._database.transact(self.delete, user_id, device_ids)

    def open(self, tx: Transaction, user_id: str, device_id: str | None, display_name: str | None) -> str:
        """The device of a login, added if it is not there; its id. The name of a known device stays."""
        device_id = device_id or new_device_id()
        if self._insert(tx, user_id, device_id, display_name):
            self._changed(tx, user_id, device_id)
        else:
            for hook in self.on_devices_reused:
                hook(tx, user_id, [device_id])
        return device_id

    def delete(self, tx: Transaction, user_id: str, device_ids: Collection[str]) -> list[str]:
        """Remove devices within a transaction; those that were there."""
        present = queries.existing_ids(tx, user_id, list(device_ids))
        if present:
            for hook in self.on_devices_deleted:
                hook(tx, user_id, present)
            queries.delete_devices(tx, user_id, present)
            tx.publish("devices", user_id)
        return present

    def delete_all(self, tx: Transaction, user_id: str, except_for: str | None = None) -> list[str]:
        """Remove all devices of a user that are logged in, but perhaps one."""
        kept = {except_for, *(one for ids_of in self.staying for one in ids_of(tx, user_id))}
        return self.delete(tx, user_id, [one for one in self.ids_of(tx, user_id) if one not in kept])

    def _rename(self, tx: Transaction, user_id: str, device_id: str, display_name: str) -> bool:
        is_there = queries.rename_device(tx, user_id, device_id, display_name)
        if is_there:
            self._changed(tx, user_id, device_id)
        return is_there

    def _create_or_rename(self, tx: Transaction, user_id: str, device_id: str, display_name: str | None) -> bool:
        is_new = self._insert(tx, user_id, device_id, display_name)
        if not is_new and display_name is not None:
            queries.rename_device(tx, user_id, device_id, display_name)
        if is_new or display_name is not None:
            self._changed(tx, user_id, device_id)
        return is_new

    def _changed(self, tx: Transaction, user_id: str, device_id: str) -> None:
        tx.publish("devices", user_id)
        for hook in self.on_devices_changed:
            hook(tx, user_id, [device_id])

    def _insert(self, tx: Transaction, user_id: str, device_id: str, display_name: str | None) -> bool:
        row = {
            "user_id": user_id,
            "device_id": device_id,
            "display_name": display_name,
            "created_ts": self._clock(),
        }
        return queries.insert_device(tx, row)

    def _with_last_seen(self, device: Device) -> Device:
        """With what this process has seen and not written yet."""
        seen = self._last_seen.find_pending(device.user_id, device.device_id)
        if seen is None:
            return device
        return dataclasses.replace(device, last_seen_ts=seen.ts, last_seen_ip=seen.ip, user_agent=seen.user_agent)
