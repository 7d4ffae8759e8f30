"""A device with keys, as a client with end-to-end encryption has them."""

from __future__ import annotations

import secrets
from itertools import count
from typing import Any

from homeserver.protocol.base64 import encode_base64
from homeserver.protocol.signing import SigningKey, sign_json, signing_key_from_seed
from tests.support.api_client import Json, User

OLM, MEGOLM = "m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"


def ed25519() -> tuple[SigningKey, str]:
    """(a new key, its public half in base64)."""
    key = signing_key_from_seed("x", secrets.token_bytes(32))
    return key, key.verify_key.encoded


def signed(value: Json, user_id: str, key: SigningKey, key_name: str) -> Json:
    """The object with a user's signature, by a key that is called `ed25519:` and this name."""
    return sign_json(value, user_id, SigningKey(f"ed25519:{key_name}", key.key))


class CryptoDevice:
    """The keys of a user's device. `upload` publishes them."""

    _numbers = count(1)

    def __init__(self, user: User) -> None:
        self.user = user
        self.key, self.public = ed25519()
        identity: Json = {
            "user_id": user.user_id,
            "device_id": user.device_id,
            "algorithms": [OLM, MEGOLM],
            "keys": {
                f"curve25519:{user.device_id}": encode_base64(secrets.token_bytes(32)),
                f"ed25519:{user.device_id}": self.public,
            },
        }
        self.keys = signed(identity, user.user_id, self.key, user.device_id)

    def upload(self, one_time_keys: Json | None = None, fallback_keys: Json | None = None) -> Json:
        """Publish the keys of the device, and others; returns the counts."""
        body: Json = {"device_keys": self.keys}
        if one_time_keys is not None:
            body["one_time_keys"] = one_time_keys
        if fallback_keys is not None:
            body["fallback_keys"] = fallback_keys
        counts: Json = self.user.post("/keys/upload", body)["one_time_key_counts"]
        return counts

    def one_time_keys(self, number: int, **fields: Any) -> Json:
        """Some new one-time keys."""
        return dict(self._one_time_key(**fields) for _ in range(number))

    def fallback_key(self) -> Json:
        """A new fallback key."""
        return self.one_time_keys(1, fallback=True)

    def _one_time_key(self, **fields: Any) -> tuple[str, Json]:
        key = {"key": encode_base64(secrets.token_bytes(32)), **fields}
        name = f"signed_curve25519:AAAA{next(self._numbers)}"
        return name, signed(key, self.user.user_id, self.key, self.user.device_id)


def query(asker: User, *users: User, **body: Any) -> Json:
    """The answer to `/keys/query` about all devices of some users."""
    answer: Json = asker.post("/keys/query", {"device_keys": {user.user_id: [] for user in users}, **body})
    return answer


def claim(asker: User, *devices: User, algorithm: str = "signed_curve25519") -> list[Json | None]:
    """What `/keys/claim` gives of each device: the key by its id, or None."""
    wanted: Json = {}
    for device in devices:
        wanted.setdefault(device.user_id, {})[device.device_id] = algorithm
    keys = asker.post("/keys/claim", {"one_time_keys": wanted})["one_time_keys"]
    return [keys.get(device.user_id, {}).get(device.device_id) for device in devices]


class CrossSigner:
    """The cross-signing keys of a user; `public` has their public halves, `keys` the signed objects, by usage."""

    def __init__(self, user: User) -> None:
        self.user = user
        made = {usage: ed25519() for usage in ("master", "self_signing", "user_signing")}
        self._secret = {usage: pair[0] for usage, pair in made.items()}
        self.public = {usage: pair[1] for usage, pair in made.items()}
        self.keys = {usage: self._key(usage) for usage in made}

    def body(self, *usages: str) -> Json:
        """A `/keys/device_signing/upload` of these keys, or all."""
        return {f"{usage}_key": self.keys[usage] for usage in usages or self.keys}

    def upload(self, *usages: str) -> None:
        """Publish these keys, or all, where that needs no confirmation."""
        self.user.post("/keys/device_signing/upload", self.body(*usages))

    def sign(self, usage: str, key: Json) -> Json:
        """Somebody's key with the signature of one of these."""
        return signed(key, self.user.user_id, self._secret[usage], self.public[usage])

    def _key(self, usage: str) -> Json:
        public = self.public[usage]
        key: Json = {"user_id": self.user.user_id, "usage": [usage], "keys": {f"ed25519:{public}": public}}
        return key if usage == "master" else self.sign("master", key)


def upload_signatures(user: User, *keys: Json) -> Json:
    """Publish what a user has signed: keys of devices and master keys; returns the failures."""
    body: Json = {}
    for key in keys:
        name = key["device_id"] if "device_id" in key else next(iter(key["keys"].values()))
        body.setdefault(key["user_id"], {})[name] = key
    failures: Json = user.post("/keys/signatures/upload", body)["failures"]
    return failures
