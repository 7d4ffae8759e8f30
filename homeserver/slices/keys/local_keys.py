"""What this server tells about the keys of its own users."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from homeserver.database import Transaction
from homeserver.slices.keys import queries_devices, queries_signing
from homeserver.slices.keys.queries_signing import Signature
from homeserver.slices.keys.shapes import Json
from homeserver.slices.keys.signing_shapes import public_key_of, with_signatures

Asked = Mapping[str, Collection[str]]
"""User id to device ids, none for all."""

_encode = msgspec.json.encode


class _Signed(msgspec.Struct):
    signatures: dict[str, msgspec.Raw]


_signers = msgspec.json.Decoder(_Signed).decode

ByKey = Mapping[tuple[str, str], list[Signature]]
"""(user id, key name) to what was signed of it."""


@dataclass(frozen=True, slots=True)
class OwnDevices:
    """The devices of local users, within a transaction. `ids_of`: of one user. `names_of`: the display names there are
    of some users' devices, by (user id, device id). `tells_names`: whether other servers are told of names."""

    ids_of: Callable[[Transaction, str], Collection[str]]
    names_of: Callable[[Transaction, Collection[str]], Mapping[tuple[str, str], str]]
    tells_names: bool


class LocalKeys:
    """Puts it together. Callable within a transaction. `asker`: a local user, or None for another server.

    Whoever asks sees what users have signed of their own; only a user sees what they have signed of others'.

    https://spec.matrix.org/v1.19/client-server-api/#key-and-signature-security
    """

    def __init__(self, devices: OwnDevices) -> None:
        self._devices = devices

    def query(self, tx: Transaction, asked: Asked, asker: str | None) -> Json:
        """`device_keys`, `master_keys` and `self_signing_keys` of local users by user id, and `user_signing_keys` of
        the asker; there are devices, if none, of each user asked for. The keys of a device are encoded."""
        names = self._names(tx, asked, asker)
        signed = _by_key(queries_signing.signatures_of_own(tx, asked))
        devices: dict[str, dict[str, msgspec.Raw]] = {user_id: {} for user_id in asked}
        for user_id, device_id, text in queries_devices.texts_of_many(tx, asked):
            if not asked[user_id] or device_id in asked[user_id]:
                key = (user_id, device_id)
                devices[user_id][device_id] = _shown(text, user_id, signed.get(key), names.get(key))
        return {"device_keys": devices, **self._signing_keys(tx, asked, asker, signed)}

    def devices(self, tx: Transaction, user_id: str) -> list[Json]:
        """`device_id`, `keys` and perhaps `device_display_name` of each device with keys, for another server."""
        return [
            {"device_id": device_id, **_apart(keys)}
            for device_id, keys in self.query(tx, {user_id: []}, None)["device_keys"][user_id].items()
        ]

    def device(self, tx: Transaction, user_id: str, device_id: str) -> Json | None:
        """The same of one device, without its id; without `keys` where it has none. None for no device."""
        keys = self.query(tx, {user_id: [device_id]}, None)["device_keys"][user_id].get(device_id)
        if keys is not None:
            return _apart(keys)
        if device_id not in self._devices.ids_of(tx, user_id):
            return None
        return _named(self._names(tx, [user_id], None).get((user_id, device_id)))

    def signing_keys(self, tx: Transaction, user_id: str) -> Json:
        """`master_key` and `self_signing_key` of a local user, if there are, for another server."""
        signed = _by_key(queries_signing.signatures_of_own(tx, [user_id]))
        found = self._signing_keys(tx, [user_id], None, signed)
        return {name.removesuffix("s"): keys[user_id] for name, keys in found.items() if user_id in keys}

    def with_own_signatures(self, tx: Transaction, master_keys: Mapping[str, Json], asker: str) -> dict[str, Json]:
        """Master keys by user id with what the asker has signed of them."""
        signed = _by_key(queries_signing.signatures_by(tx, asker, master_keys))
        return {
            user_id: with_signatures(key, [user_id], signed.get((user_id, public_key_of(key)), ()))
            for user_id, key in master_keys.items()
        }

    def _signing_keys(self, tx: Transaction, users: Collection[str], asker: str | None, signed: ByKey) -> Json:
        found: dict[str, Json] = {"master_keys": {}, "self_signing_keys": {}}
        for user_id, usage, key in queries_signing.keys_of_many(tx, users):
            if usage == "user_signing" and user_id != asker:
                continue
            extra = signed.get((user_id, public_key_of(key)), ()) if usage == "master" else ()
            found.setdefault(f"{usage}_keys", {})[user_id] = with_signatures(key, [user_id], extra)
        if asker is not None:
            found["master_keys"] = self._both(tx, found["master_keys"], asker)
        return found

    def _both(self, tx: Transaction, master_keys: Mapping[str, Json], asker: str) -> Json:
        """Master keys, which have their owners' signatures, with the asker's as well."""
        others = {user_id: key for user_id, key in master_keys.items() if user_id != asker}
        return {**master_keys, **self.with_own_signatures(tx, others, asker)}

    def _names(self, tx: Transaction, users: Collection[str], asker: str | None) -> Mapping[tuple[str, str], str]:
        if asker is None and not self._devices.tells_names:
            return {}
        return self._devices.names_of(tx, users)


def _by_key(signatures: Iterable[Signature]) -> ByKey:
    found: dict[tuple[str, str], list[Signature]] = {}
    for one in signatures:
        found.setdefault((one.user_id, one.key_name), []).append(one)
    return found


def _shown(text: str, user_id: str, signatures: list[Signature] | None, name: str | None) -> msgspec.Raw:
    """The keys of a device with what its owner signed of them, and its name. Most are told as they were published."""
    if signatures is not None or _signers(text).signatures.keys() != {user_id}:
        text = _encode(with_signatures(msgspec.json.decode(text), [user_id], signatures or ())).decode()
    unsigned = "{}" if name is None else _encode(_named(name)).decode()
    return msgspec.Raw(f'{text[:-1]},"unsigned":{unsigned}}}'.encode())


def _apart(encoded: msgspec.Raw) -> Json:
    """The keys of a device as they were published, and its name beside them."""
    keys: Json = msgspec.json.decode(encoded)
    return {"keys": {name: value for name, value in keys.items() if name != "unsigned"}, **keys["unsigned"]}


def _named(name: str | None) -> Json:
    return {} if name is None else {"device_display_name": name}
