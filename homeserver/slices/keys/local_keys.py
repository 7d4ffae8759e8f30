"""What this server tells about the keys of its own users."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from homeserver.database import Transaction
from homeserver.slices.keys import queries_devices
from homeserver.slices.keys.shapes import Json

DeviceNames = Callable[[Transaction, Collection[str]], Mapping[tuple[str, str], str]]
"""(transaction, user ids) to the display names there are, by (user id, device id)."""

Asked = Mapping[str, Collection[str]]
"""User id to device ids, none for all."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a local user, or another server. `sees_names`: whether display names are told."""

    user_id: str | None
    sees_names: bool


class LocalKeys:
    """Puts it together. Callable within a transaction."""

    def __init__(self, names_of: DeviceNames) -> None:
        self._names_of = names_of

    def query(self, tx: Transaction, asked: Asked, asker: Asker) -> Json:
        """`device_keys` of local users: user id to device id to keys, with an entry for each user asked for."""
        names = self._names_of(tx, asked) if asker.sees_names else {}
        devices: dict[str, Json] = {user_id: {} for user_id in asked}
        for user_id, device_id, keys in queries_devices.keys_of_many(tx, asked):
            if asked[user_id] and device_id not in asked[user_id]:
                continue
            name = names.get((user_id, device_id))
            devices[user_id][device_id] = {**keys, "unsigned": {} if name is None else {"device_display_name": name}}
        return {"device_keys": devices}
