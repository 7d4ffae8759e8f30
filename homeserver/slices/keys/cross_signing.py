"""The cross-signing keys of local users.

https://spec.matrix.org/v1.19/client-server-api/#cross-signing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import forbidden, missing_param
from homeserver.slices.keys import queries_signing as queries
from homeserver.slices.keys.device_lists import LocalLists
from homeserver.slices.keys.local_keys import OwnDevices
from homeserver.slices.keys.shapes import Json, identity_of
from homeserver.slices.keys.signing_shapes import USAGES, check_signed_by_master, key_id_of, public_key_of


class CrossSigning:
    """Keeps them. `check_devices` takes part in the transaction of `Devices.on_devices_changed`, `deactivate` in that
    of `AccountHooks.on_deactivated`."""

    def __init__(self, database: Database, devices: OwnDevices, lists: LocalLists) -> None:
        self._database = database
        self._devices = devices
        self._lists = lists

    async def upload(self, user_id: str, keys: Mapping[str, Json], *, is_confirmed: bool) -> bool:
        """Publish keys, by usage. False, and nothing is done, where that replaces keys and the user has not confirmed
        it.

        Raises `MatrixError` 400 `M_MISSING_PARAM` without a master key, `M_INVALID_SIGNATURE`, 403 for a key that is
        called as a device is.
        """
        locks = (f"cross_signing:{user_id}",)
        return await self._database.transact(self._upload, user_id, keys, is_confirmed, locks=locks)

    def check_devices(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        """Raise 403 `M_FORBIDDEN` for a device that is called as a cross-signing key is."""
        names = {public_key_of(key) for key in queries.keys_of(tx, user_id).values()}
        if names & set(device_ids):
            raise forbidden("device_id: a cross-signing key has this name.")

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended."""
        queries.delete_user(tx, user_id)

    def _upload(self, tx: Transaction, user_id: str, keys: Mapping[str, Json], is_confirmed: bool) -> bool:
        known = queries.keys_of(tx, user_id)
        self._check(tx, user_id, keys, known)
        new = {
            usage: key
            for usage, key in keys.items()
            if usage not in known or identity_of(known[usage])["keys"] != identity_of(key)["keys"]
        }
        if new and "master" in known and not is_confirmed:
            return False
        if any(known.get(usage) != key for usage, key in keys.items()):
            self._write(tx, user_id, {**keys}, known)
        return True

    def _check(self, tx: Transaction, user_id: str, keys: Mapping[str, Json], known: Mapping[str, Json]) -> None:
        master_key = keys.get("master", known.get("master"))
        if master_key is None:
            raise missing_param("master_key: there is none yet.")
        for usage, key in keys.items():
            if usage != "master":
                check_signed_by_master(key, usage, user_id, master_key)
        if {public_key_of(key) for key in keys.values()} & set(self._devices.ids_of(tx, user_id)):
            raise forbidden("Key ID in use: a device of yours has this name.")

    def _write(self, tx: Transaction, user_id: str, keys: Mapping[str, Json], known: Mapping[str, Json]) -> None:
        gone = {usage: known[usage] for usage, key in keys.items() if _is_another(known.get(usage), key)}
        if "master" in gone:
            # What the old master key has signed is worth nothing.
            gone = dict(known)
        for usage, key in gone.items():
            queries.delete_key(tx, user_id, usage)
            queries.delete_signatures_of(tx, user_id, [public_key_of(key)])
            queries.delete_signatures_with(tx, user_id, [key_id_of(key)])
        position = tx.publish("devices", user_id)
        for usage in USAGES:
            if usage in keys:
                queries.write_key(tx, user_id, usage, keys[usage], position)
        if gone or set(keys) - {"user_signing"}:
            self._lists.signing_keys_changed(tx, user_id)


def _is_another(known: Json | None, key: Json) -> bool:
    return known is not None and public_key_of(known) != public_key_of(key)
