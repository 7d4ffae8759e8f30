"""What this server tells about the keys of its own users."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from homeserver.database import Transaction
from homeserver.slices.keys import queries_devices
from homeserver.slices.keys.shapes import Json

Asked = Mapping[str, Collection[str]]
"""User id to device ids, none for all."""


@dataclass(frozen=True, slots=True)
class OwnDevices:
    """The devices of local users, within a transaction. `ids_of`: of one user. `names_of`: the display names there are
    of some users' devices, by (user id, device id). `tells_names`: whether other servers are told of names."""

    ids_of: Callable[[Transaction, str], Collection[str]]
    names_of: Callable[[Transaction, Collection[str]], Mapping[tuple[str, str], str]]
    tells_names: bool


class LocalKeys:
    """Puts it together. Callable within a transaction. `asker`: a local user, or None for another server."""

    def __init__(self, devices: OwnDevices) -> None:
        self._devices = devices

    def query(self, tx: Transaction, asked: Asked, asker: str | None) -> Json:
        """`device_keys` of local users: user id to device id to keys, with an entry for each user asked for."""
        names = self._names(tx, asked, asker)
        devices: dict[str, Json] = {user_id: {} for user_id in asked}
        for user_id, device_id, keys in queries_devices.keys_of_many(tx, asked):
            if asked[user_id] and device_id not in asked[user_id]:
                continue
            name = names.get((user_id, device_id))
            devices[user_id][device_id] = {**keys, "unsigned": {} if name is None else {"device_display_name": name}}
        return {"device_keys": devices}

    def devices(self, tx: Transaction, user_id: str) -> list[Json]:
        """`device_id`, `keys` and perhaps `device_display_name` of each device with keys, for another server."""
        names = self._names(tx, [user_id], None)
        rows = queries_devices.keys_of_many(tx, [user_id])
        return [
            {"device_id": device_id, "keys": keys, **_named(names.get((user_id, device_id)))}
            for _, device_id, keys in rows
        ]

    def device(self, tx: Transaction, user_id: str, device_id: str) -> Json | None:
        """The same of one device, without its id; without `keys` where it has none. None for no device."""
        for one in self.devices(tx, user_id):
            if one.pop("device_id") == device_id:
                return one
        if device_id not in self._devices.ids_of(tx, user_id):
            return None
        return _named(self._names(tx, [user_id], None).get((user_id, device_id)))

    def _names(self, tx: Transaction, users: Collection[str], asker: str | None) -> Mapping[tuple[str, str], str]:
        if asker is None and not self._devices.tells_names:
            return {}
        return self._devices.names_of(tx, users)


def _named(name: str | None) -> Json:
    return {} if name is None else {"device_display_name": name}
