"""What local users sign: their own devices and master key, and others' master keys.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keyssignaturesupload
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError, bad_json, invalid_param, not_found
from homeserver.protocol.ids import is_valid_user_id
from homeserver.slices.keys import queries_devices
from homeserver.slices.keys import queries_signing as queries
from homeserver.slices.keys.device_lists import LocalLists
from homeserver.slices.keys.queries_signing import Signature
from homeserver.slices.keys.shapes import Json
from homeserver.slices.keys.signing_shapes import good_signatures, key_id_of, public_key_of

MOST_SIGNATURES = 10_000
_MOST_AT_ONCE = 1000

FindMasterKeys = Callable[[str, list[str]], Awaitable[Mapping[str, Json]]]
"""(asker, user ids) to the master keys there are, of users of this server and of others."""

Signed = Mapping[str, Mapping[str, Json]]
"""User id to name of a key (device id, or public half of a master key) to the signed key."""


def read_signatures(body: Json) -> Signed:
    """The body of `/keys/signatures/upload`; 400 for another shape."""
    number = 0
    for user_id, keys in body.items():
        if not is_valid_user_id(user_id):
            raise invalid_param(f"{user_id[:255]!r} is not a user ID.")
        if not isinstance(keys, dict) or not all(isinstance(key, dict) for key in keys.values()):
            raise bad_json(f"{user_id}: must be an object of keys.")
        number += len(keys)
    if number > _MOST_AT_ONCE:
        raise invalid_param(f"At most {_MOST_AT_ONCE} keys can be signed at once.")
    return body


class Signatures:
    """Takes them in."""

    def __init__(self, database: Database, lists: LocalLists, find_master_keys: FindMasterKeys) -> None:
        self._database = database
        self._lists = lists
        self._find_master_keys = find_master_keys

    async def upload(self, signer: str, signed: Signed) -> Json:
        """Keep what is rightly signed; user id to key name to error of the rest."""
        others = [user_id for user_id in signed if user_id != signer]
        master_keys = await self._find_master_keys(signer, others) if others else {}
        failures: Json = await self._database.transact(
            self._upload, signer, signed, master_keys, locks=(f"cross_signing:{signer}",)
        )
        return failures

    def _upload(self, tx: Transaction, signer: str, signed: Signed, master_keys: Mapping[str, Json]) -> Json:
        failures: Json = {}
        good: list[Signature] = []
        own_keys = queries.keys_of(tx, signer)
        for user_id, keys in signed.items():
            for name, key in keys.items():
                try:
                    if user_id == signer:
                        good += _of_own(tx, signer, name, key, own_keys)
                    else:
                        good += _of_other(signer, (user_id, name), key, master_keys.get(user_id), own_keys)
                except MatrixError as error:
                    failures.setdefault(user_id, {})[name] = error.body()
        self._write(tx, signer, good)
        return failures

    def _write(self, tx: Transaction, signer: str, good: list[Signature]) -> None:
        """Keep signatures, and tell who can see them."""
        known = set(queries.signatures_by(tx, signer, {one.user_id for one in good}))
        new = [one for one in good if one not in known]
        if not new:
            return
        if queries.count_signatures(tx, signer) + len(new) > MOST_SIGNATURES:
            raise MatrixError(400, "M_LIMIT_EXCEEDED", f"A user can make at most {MOST_SIGNATURES} signatures.")
        queries.write_signatures(tx, new, tx.publish("devices", signer))
        own = {one.key_name for one in new if one.user_id == signer}
        devices = [name for name in sorted(own) if queries_devices.find_keys(tx, signer, name) is not None]
        if devices:
            self._lists.devices_changed(tx, signer, devices)
        if own - set(devices):
            self._lists.signing_keys_changed(tx, signer)


def _of_own(tx: Transaction, signer: str, name: str, key: Json, own_keys: Mapping[str, Json]) -> list[Signature]:
    """A device, signed by the self-signing key; or the master key, signed by devices."""
    master_key, self_signing_key = own_keys.get("master"), own_keys.get("self_signing")
    device_keys = queries_devices.find_keys(tx, signer, name)
    if device_keys is not None:
        by_self = {} if self_signing_key is None else {key_id_of(self_signing_key): public_key_of(self_signing_key)}
        return good_signatures(key, device_keys, signer, (signer, name), by_self)
    if master_key is None or name != public_key_of(master_key):
        raise not_found("You have no device and no master key of this name.")
    return good_signatures(key, master_key, signer, (signer, name), _device_verify_keys(tx, signer))


def _of_other(
    signer: str, target: tuple[str, str], key: Json, master_key: Any, own_keys: Mapping[str, Json]
) -> list[Signature]:
    """Somebody else's master key, signed by the user-signing key."""
    user_signing_key = own_keys.get("user_signing")
    if not isinstance(master_key, dict) or target[1] != public_key_of(master_key):
        raise not_found("The user has no master key of this name.")
    by_user = {} if user_signing_key is None else {key_id_of(user_signing_key): public_key_of(user_signing_key)}
    return good_signatures(key, master_key, signer, target, by_user)


def _device_verify_keys(tx: Transaction, user_id: str) -> dict[str, str]:
    """Id to public half of the ed25519 keys of a user's devices."""
    return {
        key_id: public_key
        for _, device_id, keys in queries_devices.keys_of_many(tx, [user_id])
        for key_id, public_key in keys["keys"].items()
        if key_id == f"ed25519:{device_id}"
    }
