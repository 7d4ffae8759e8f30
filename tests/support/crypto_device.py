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
