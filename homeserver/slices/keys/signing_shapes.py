"""The shapes of cross-signing keys, and whether signatures on keys are right.

https://spec.matrix.org/v1.19/client-server-api/#cross-signing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from homeserver.protocol.errors import MatrixError, bad_json, invalid_param
from homeserver.protocol.signing import SignatureError, verify_json, verify_key_from_base64
from homeserver.slices.keys.queries_signing import Signature
from homeserver.slices.keys.shapes import Json, identity_of, is_signatures, is_small

USAGES = ("master", "self_signing", "user_signing")
_GREATEST_KEY_BYTES = 65_536


def read_signing_keys(body: Json, user_id: str) -> dict[str, Json]:
    """Usage to key, of those that a `/keys/device_signing/upload` has; 400 naming what is wrong.

    https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysdevice_signingupload
    """
    return {usage: _signing_key(body, f"{usage}_key", user_id, usage) for usage in USAGES if f"{usage}_key" in body}


def public_key_of(key: Json) -> str:
    """The public half of a cross-signing key, which is also its name."""
    return str(next(iter(key["keys"].values())))


def key_id_of(key: Json) -> str:
    """The id of a cross-signing key: `ed25519:` and its public half."""
    return str(next(iter(key["keys"])))


def check_signed_by_master(key: Json, usage: str, user_id: str, master_key: Json) -> None:
    """Raise 400 `M_INVALID_SIGNATURE` unless the user's master key has signed a key."""
    if not is_signed(key, user_id, key_id_of(master_key), public_key_of(master_key)):
        raise invalid_signature(f"{usage}_key: is not signed by the master key.")


def is_signed(value: Json, user_id: str, key_id: str, public_key: str) -> bool:
    """Whether an object is signed by a user's key."""
    try:
        verify_json(value, user_id, verify_key_from_base64(key_id, public_key))
    except (SignatureError, ValueError, TypeError):
        return False
    return True


def good_signatures(
    signed: Json, stored: Json, signer: str, target: tuple[str, str], verify_keys: Mapping[str, str]
) -> list[Signature]:
    """The signatures that an object adds to a stored key, each by one of the signer's keys (id to public half).

    `target`: (user id, key name). 400 `M_INVALID_SIGNATURE` where the object is not that key, where a signature is
    wrong, or where there is none.
    """
    if identity_of(signed) != identity_of(stored):
        raise invalid_signature("This is not the key as it was published.")
    signatures = signed.get("signatures")
    by_signer = signatures.get(signer) if isinstance(signatures, dict) else None
    added = [key_id for key_id in by_signer if key_id in verify_keys] if isinstance(by_signer, dict) else []
    if not added:
        raise invalid_signature("There is no signature by a key that may sign this one.")
    for key_id in added:
        if not is_signed(signed, signer, key_id, verify_keys[key_id]):
            raise invalid_signature(f"The signature by {key_id} is wrong.")
    return [Signature(signer, *target, key_id, signed["signatures"][signer][key_id]) for key_id in added]


def with_signatures(key: Json, signers: Iterable[str], signatures: Iterable[Signature]) -> Json:
    """A key as it is shown: with the signatures it was published with, if of these signers, and with others."""
    merged: dict[str, Json] = {}
    published = key.get("signatures")
    for signer in signers:
        if isinstance(published, dict) and isinstance(published.get(signer), dict):
            merged[signer] = dict(published[signer])
    for one in signatures:
        merged.setdefault(one.signer, {})[one.signing_key_id] = one.signature
    if not merged and "signatures" not in key:
        return key
    return {**key, "signatures": merged}


def invalid_signature(message: str) -> MatrixError:
    """400 `M_INVALID_SIGNATURE`."""
    return MatrixError(400, "M_INVALID_SIGNATURE", message)


def _signing_key(body: Json, name: str, user_id: str, usage: str) -> Json:
    key: Any = body[name]
    if not isinstance(key, dict):
        raise bad_json(f"{name}: must be an object.")
    if key.get("user_id") != user_id:
        raise invalid_param(f"{name}.user_id: must be your own.")
    if not isinstance(key.get("usage"), list) or usage not in key["usage"]:
        raise invalid_param(f"{name}.usage: must hold {usage!r}.")
    keys = key.get("keys")
    if not isinstance(keys, dict) or len(keys) != 1:
        raise bad_json(f"{name}.keys: must be an object with one key.")
    key_id, public_key = next(iter(keys.items()))
    if not isinstance(public_key, str) or key_id != f"ed25519:{public_key}":
        raise invalid_param(f"{name}.keys: the name must be 'ed25519:' and the public key.")
    try:
        verify_key_from_base64(key_id, public_key)
    except ValueError:
        raise invalid_param(f"{name}.keys: this is no ed25519 key.") from None
    if not is_signatures(key.get("signatures", {})):
        raise bad_json(f"{name}.signatures: must be an object of user IDs, each with an object of strings.")
    if not is_small(key, _GREATEST_KEY_BYTES):
        raise MatrixError(413, "M_TOO_LARGE", f"{name}: has at most {_GREATEST_KEY_BYTES} bytes.")
    return key
